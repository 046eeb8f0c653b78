import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { repositoryRoot } from '../stack/layout.ts';
import { NOTHING } from './counts.ts';
import { runJest } from './jest-step.ts';
import { withinLimit } from './run-process.ts';

/** Largest first: jest has no other order for files that it never ran. */
const SPECS = {
  'quick.spec.cjs': `test('one', () => undefined); test('two', () => undefined); test.skip('none', () => undefined);
    test('wrong', () => { throw new Error('wrong'); }); // ${'-'.repeat(400)}`,
  'hanging.spec.cjs': `test('three', () => undefined); test('hangs', () => new Promise(() => undefined), 600_000); // ${'-'.repeat(100)}`,
  'late.spec.cjs': `test('four', () => undefined);`,
};

describe(runJest, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'infinibay-cut-'));
  const args = ['--config', path.join(folder, 'jest.config.json'), '--cacheDirectory', path.join(folder, 'cache')];
  const nameOf = (file: string): string => path.relative(repositoryRoot, path.join(folder, file));

  beforeAll(() => {
    for (const [file, text] of Object.entries(SPECS)) writeFileSync(path.join(folder, file), text);
    const project = { displayName: 'integration', rootDir: folder, testMatch: ['**/*.spec.cjs'] };
    writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify({ projects: [project] }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (limitMs: number, ...more: string[]) => {
    let said = '';
    const options = { args: [...args, ...more], lanes: [{}], slowness: 1, say: (text: string) => (said += text) };
    return { counts: await withinLimit(limitMs, () => runJest('integration', options)), said };
  };

  it('counts what a run came to that is cut at its limit, one failure more, and names what had not finished', async () => {
    let cut = { counts: NOTHING, said: '' };
    // A busy machine does not come to the test that hangs within the first limit.
    for (let limitMs = 5_000; limitMs < 200_000 && cut.counts.passed < 3; limitMs *= 2) cut = await run(limitMs);
    expect(cut.counts).toEqual({ passed: 3, failed: 2, skipped: 1 });
    expect(cut.said).toMatch(/^gave up after \d+ s\n/);
    expect(cut.said).toContain(`begun and not finished:\n  ${nameOf('hanging.spec.cjs')}\n`);
    expect(cut.said).toContain(`not begun:\n  ${nameOf('late.spec.cjs')}\n`);
    expect(cut.said).not.toContain('quick.spec.cjs');
  });

  it('counts a run that comes to its end, and nothing more', async () => {
    const whole = await run(600_000, '-t', 'one|four|none');
    expect(whole).toEqual({ counts: { passed: 2, failed: 0, skipped: 5 }, said: '' });
  });
});
