// What a real guest finds on its seed. Beside the sources, since it needs the stack's tools.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { defineVm, ensureSeed, forceOffVm, removeDisk, startVm, undefineVm } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { guestKernelFound } from '../../../tools/guest-image/kernel.ts';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';
import { seedReader, toldBySeedReader } from './seed-reader.ts';

const suite = hasQemu && guestKernelFound() ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500, what: 'the guest to tell of its seed' };
const INSTANCE = '0196f5a0-0000-7000-8000-0000000000a7';

suite('the seed of a guest', () => {
  let sut: QemuAgent;
  let vmId: string;
  beforeAll(async () => {
    sut = await QemuAgent.start({ disk: await seedReader(), hasConsole: true });
    vmId = await sut.defineVm({ memoryMib: 160 });
  }, 300_000);
  afterAll(() => sut.stop(), 120_000);

  const fileOf = (): string => path.join(sut.state.diskDir, `seed-${vmId}.iso`);
  const documents = (userData: string) => ({
    metaData: `instance-id: "${INSTANCE}"\nlocal-hostname: "web-1"\n`,
    userData,
    networkConfig:
      'version: 2\nethernets:\n  nic0:\n    match:\n      macaddress: "52:54:00:12:34:56"\n    dhcp4: true\n',
  });
  const at = (fence: number) => ({ vmId, fence });
  /** As each start does it. */
  const define = (fence: number) => sut.agent.call(defineVm, { fence, spec: { ...vmSpec(vmId), memoryMib: 160 } });
  const seed = (fence: number, userData: string) =>
    sut.agent.call(ensureSeed, { ...at(fence), instanceId: INSTANCE, ...documents(userData) });
  /** What it tells, and then it is off again. */
  const told = async (fence: number) => {
    await sut.agent.call(startVm, at(fence));
    try {
      const found = await pollUntil(() => toldBySeedReader(sut.console(vmId)), PATIENCE);
      // libvirt has given the file to QEMU, and to nobody else.
      if (existsSync(fileOf())) expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
      return found;
    } finally {
      await sut.agent.call(forceOffVm, at(fence));
    }
  };
  const expected = (userData: string) => {
    const { metaData, networkConfig } = documents(userData);
    const files = { 'meta-data': metaData, 'network-config': networkConfig, 'user-data': userData };
    const inTree = (tree: string) => Object.entries(files).map(([name, text]) => [`${tree} ${name}`, text] as const);
    return Object.fromEntries([...inTree('joliet'), ...inTree('nojoliet')]);
  };

  it('is a CD-ROM with the label CIDATA, whose files it reads as they were given, and does not write to', async () => {
    const userData = `#cloud-config\n# ü 🙂\n${'# as long as several blocks of a CD-ROM\n'.repeat(300)}`;
    expect(await seed(1, userData)).toEqual({ written: true });
    expect(await told(1)).toEqual({ label: 'CIDATA', isWritable: false, files: expected(userData) });
  }, 400_000);

  it('says something else from the next start on when it was changed', async () => {
    await define(2);
    expect(await seed(2, '#!/bin/sh\necho second\n')).toEqual({ written: true });
    expect((await told(2)).files).toEqual(expected('#!/bin/sh\necho second\n'));
  }, 400_000);

  it('is the same file when nothing was changed', async () => {
    const before = statSync(fileOf());
    await define(3);
    expect(await seed(3, '#!/bin/sh\necho second\n')).toEqual({ written: false });
    expect((await told(3)).files).toEqual(expected('#!/bin/sh\necho second\n'));
    expect(statSync(fileOf()).ino).toBe(before.ino);
  }, 400_000);

  it('is not there any more when nothing is to be said', async () => {
    await define(4);
    expect(await told(4)).toEqual({ label: '', isWritable: false, files: {} });
    expect(existsSync(fileOf())).toBe(false);
  }, 400_000);

  it('goes with the VM', async () => {
    await define(5);
    await seed(5, '#!/bin/true');
    await sut.agent.call(undefineVm, at(5));
    await sut.agent.call(removeDisk, at(5));
    expect(readdirSync(sut.state.diskDir).filter((name) => name.includes(vmId))).toEqual([]);
  }, 120_000);
});
