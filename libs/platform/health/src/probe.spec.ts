import { describe, expect, it } from '@jest/globals';
import { runProbe } from './probe.js';

describe(runProbe.name, () => {
  const detail = (): Record<string, unknown> => ({ quarantined: 2 });

  it('tells the detail of what works and of what does not', async () => {
    const works = { name: 'libvirt', detail, check: () => Promise.resolve() };
    expect(await runProbe(works)).toMatchObject({ ok: true, detail: { quarantined: 2 } });
    const fails = { ...works, check: () => Promise.reject(new Error('\n\nno answer\nat all')) };
    expect(await runProbe(fails)).toMatchObject({ ok: false, error: 'no answer', detail: { quarantined: 2 } });
  });

  it('has no detail where there is none to tell', async () => {
    const silent = { name: 'nats', detail: () => undefined, check: () => Promise.resolve() };
    expect(await runProbe(silent)).not.toHaveProperty('detail');
  });
});
