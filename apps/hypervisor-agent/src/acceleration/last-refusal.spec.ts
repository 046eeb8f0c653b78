import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@infinibay/platform-logging';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LastRefusal } from './last-refusal.js';

const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const libvirt = { uri: 'qemu:///system', versions: [9_000_000, 7_002_000] };
const refusal = { works: false, reason: 'the guest hangs', checkedAt: '2026-11-28T18:33:29.896Z' };
const kept = { reason: refusal.reason, checkedAt: refusal.checkedAt };

describe(LastRefusal.name, () => {
  let folder: string;
  let device: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'infinibay-acceleration-'));
    device = join(folder, 'kvm');
    writeFileSync(device, '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** As the agent has it that is started again. */
  const sut = (boot?: string): LastRefusal => new LastRefusal(folder, device, logger, boot);

  it('is known to the next run on the same boot', async () => {
    expect(await sut().of(libvirt)).toBeUndefined();
    await sut().keep(libvirt, refusal);
    expect(await sut().of(libvirt)).toMatchObject(kept);
  });

  it.each([
    ['another libvirt', { ...libvirt, uri: 'qemu:///session' }],
    ['a newer daemon', { ...libvirt, versions: [9_001_000, 7_002_000] }],
    ['a newer QEMU', { ...libvirt, versions: [9_000_000, 8_000_000] }],
  ])('says nothing of %s', async (_what, other) => {
    await sut().keep(libvirt, refusal);
    expect(await sut().of(other)).toBeUndefined();
  });

  it('says nothing of a device that was made again or opened to others', async () => {
    await sut().keep(libvirt, refusal);
    chmodSync(device, 0o600);
    expect(await sut().of(libvirt)).toBeUndefined();
    await sut().keep(libvirt, refusal);
    rmSync(device);
    writeFileSync(device, '');
    expect(await sut().of(libvirt)).toBeUndefined();
  });

  it('is forgotten when a guest has run', async () => {
    await sut().keep(libvirt, refusal);
    await sut().keep(libvirt, { works: true, reason: null, checkedAt: refusal.checkedAt });
    expect(await sut().of(libvirt)).toBeUndefined();
  });

  it('says nothing of another boot', async () => {
    await sut('one').keep(libvirt, refusal);
    expect([await sut('another').of(libvirt), await sut('one').of(libvirt)]).toMatchObject([undefined, kept]);
  });

  it('is unknown where it is damaged', async () => {
    await sut().keep(libvirt, refusal);
    const [name = ''] = readdirSync(join(folder, 'acceleration'));
    const file = join(folder, 'acceleration', name);
    writeFileSync(file, '{');
    expect(await sut().of(libvirt)).toBeUndefined();
  });
});
