import { randomUUID } from 'node:crypto';
import { existsSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  attachVolume,
  defineVm,
  detachVolume,
  ensureDisk,
  ensureVolume,
  hostPoolsObserved,
  hostReportSubject,
  inspectSizes,
  inspectVolume,
  removeVolume,
  resizeDefinition,
  startVm,
  undefineVm,
  type ReportDataOf,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { disksOf } from '@infinibay/libvirt-xml';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION, subscribeToReport } from '@infinibay/platform-messaging';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/transport-node';
import { RunningAgent, agentFolders, settingsIn, writeImage } from '../agent.fixture.js';

const MIB = 1_048_576;

describe("volumes on libvirt's test driver", () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  const reports: ReportDataOf<typeof hostPoolsObserved>[] = [];
  let agent: RunningAgent;
  // The test driver forgets everything when its last connection is closed; a daemon would not.
  let keeper: Connection;

  beforeAll(async () => {
    keeper = await Connection.open('test:///default');
    agent = await RunningAgent.start(settingsIn(folders));
    subscribeToReport(
      agent.app.get<NatsConnection>(NATS_CONNECTION, { strict: false }),
      hostPoolsObserved,
      hostReportSubject(hostPoolsObserved, agent.hostId),
      { logger: createLogger({ service: 'test', level: 'fatal', format: 'json' }) },
      (report) => {
        reports.push(report);
      },
    );
  });
  afterAll(async () => {
    await agent.stop();
    await keeper.close();
    folders.remove();
  });

  const built = async (): Promise<string> => {
    const vmId = randomUUID();
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: image.imageId, capacityBytes: 2 * MIB });
    const facts = { departmentId: randomUUID(), name: 'guest', vcpus: 1, memoryMib: 64, nics: [], filterName: null };
    await agent.call(defineVm, { fence: 1, spec: { vmId, ...facts } });
    return vmId;
  };
  const made = async (): Promise<string> => {
    const volumeId = randomUUID();
    await agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: 8 * MIB });
    return volumeId;
  };
  const fileOf = (volumeId: string): string => join(folders.disks, `volume-${volumeId}.qcow2`);
  const definedDisks = async (vmId: string) => disksOf(await keeper.domains.handle(vmId).xmlDesc({ inactive: true }));

  it('tells of its pool before anything is made in it, without marking it', async () => {
    const told = await pollUntil(() => reports.at(-1), { what: 'a report' });
    expect(told.pools).toEqual([
      {
        name: 'default',
        kind: 'dir',
        capacityBytes: expect.any(Number),
        availableBytes: expect.any(Number),
        problem: null,
      },
    ]);
    expect(told.pools[0]?.capacityBytes).toBeGreaterThan(MIB);
    expect(existsSync(join(folders.disks, '.infinibay-storage'))).toBe(false);
  });

  it('tells what each volume takes up', async () => {
    const volumeId = await made();
    const observed = () => reports.at(-1)?.volumes.find((one) => one.volumeId === volumeId);
    expect((await pollUntil(observed, { what: 'the volume' })).allocationBytes).toBeGreaterThan(0);
    expect(await agent.call(removeVolume, { volumeId, fence: 1 })).toEqual({ removed: true });
    expect(await agent.call(removeVolume, { volumeId, fence: 1 })).toEqual({ removed: false });
    await pollUntil(() => observed() === undefined, { what: 'its end' });
  });

  it('puts them into the definition of a VM that is off, and takes them out, each twice', async () => {
    const [vmId, volumeId] = [await built(), await made()];
    const place = { vmId, fence: 1, volumeId, target: 'vdb' };
    for (const _ of [1, 2]) expect(await agent.call(attachVolume, place)).toEqual({ isLive: false });
    expect((await definedDisks(vmId)).map(({ file, target }) => [file, target])).toEqual([
      [join(folders.disks, `vm-${vmId}.qcow2`), 'vda'],
      [fileOf(volumeId), 'vdb'],
    ]);
    for (const _ of [1, 2]) expect(await agent.call(detachVolume, place)).toEqual({ isDetached: true });
    expect(await definedDisks(vmId)).toHaveLength(1);
    await agent.call(undefineVm, { vmId, fence: 1 });
    expect(await agent.call(attachVolume, place)).toEqual({ isLive: false });
    expect(await agent.call(detachVolume, place)).toEqual({ isDetached: true });
    expect(await agent.refusal(attachVolume, { ...place, fence: 0 })).toBe('STALE_FENCE');
  });

  it('leave the sizes of a VM as they are, which leave them', async () => {
    const [vmId, first, second] = [await built(), await made(), await made()];
    const sizes = { vcpus: 2, maxVcpus: 4, memoryMib: 128, maxMemoryMib: 256 };
    const sized = { vcpus: 2, maxVcpus: 4, memoryKib: 131_072, maxMemoryKib: 262_144 };
    await agent.call(attachVolume, { vmId, fence: 1, volumeId: first, target: 'vdb' });
    await agent.call(resizeDefinition, { vmId, fence: 1, sizes });
    await agent.call(attachVolume, { vmId, fence: 1, volumeId: second, target: 'vdc' });
    expect((await definedDisks(vmId)).map(({ target }) => target)).toEqual(['vda', 'vdb', 'vdc']);
    expect((await agent.call(inspectSizes, { vmId })).definition).toEqual(sized);
    await agent.call(detachVolume, { vmId, fence: 1, volumeId: first, target: 'vdb' });
    expect((await agent.call(inspectSizes, { vmId })).definition).toEqual(sized);
  });

  it('starts a VM with its volumes, and none whose volume is not what it must be', async () => {
    const [vmId, volumeId] = [await built(), await made()];
    await agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    truncateSync(fileOf(volumeId), 1_000);
    expect(await agent.refusal(startVm, { vmId, fence: 1 })).toBe('VOLUME_DAMAGED');
    const [other, sound] = [await built(), await made()];
    await agent.call(attachVolume, { vmId: other, fence: 1, volumeId: sound, target: 'vdb' });
    expect(await agent.call(startVm, { vmId: other, fence: 1 })).toEqual({ power: 'running' });
    expect(await agent.refusal(attachVolume, { vmId: other, fence: 1, volumeId: await made(), target: 'vdc' })).toBe(
      'UNSUPPORTED_BY_DRIVER',
    );
  });

  it('looks at what a file is, and follows no link', async () => {
    const looked = async (volumeId: string) => (await agent.call(inspectVolume, { volumeId })).problem?.code;
    const [linked, strange] = [randomUUID(), randomUUID()];
    expect(await looked(linked)).toBe('VOLUME_MISSING');
    symlinkSync('/etc/passwd', fileOf(linked));
    expect(await looked(linked)).toBe('VOLUME_REPLACED');
    writeFileSync(fileOf(strange), 'no disk');
    expect(await looked(strange)).toBe('VOLUME_DAMAGED');
    for (const volumeId of [linked, strange]) {
      const request = { volumeId, fence: 1, capacityBytes: 8 * MIB };
      expect(['VOLUME_REPLACED', 'VOLUME_DAMAGED']).toContain(await agent.refusal(ensureVolume, request));
      expect(await agent.call(removeVolume, { volumeId, fence: 1 })).toEqual({ removed: false });
      expect(existsSync(fileOf(volumeId))).toBe(true);
    }
  });
});
