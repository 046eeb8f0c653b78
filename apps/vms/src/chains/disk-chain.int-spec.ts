import { randomUUID } from 'node:crypto';
import { DomainError, type Actor } from '@infinibay/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, testNats } from '../testing/vms-under-test.js';

const LAYERS = '{ role format capacityGib allocationGib snapshotId path image { id name } }';
const VM = `query ($id: ID!) { vm(id: $id) { id diskChain ${LAYERS} } }`;
const VOLUME = `query ($id: ID!) { volume(id: $id) { id chain ${LAYERS} } }`;

/** On a simulated host; test/chains.int-spec.ts of the agent has a real one. */
describe('what disks consist of', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.chains.refusal = null;
  });
  const ask = async (query: string, id: string, by: Actor = bench.actor) => {
    const { data, errors } = await bench.vms.ask(by, query, { id });
    return { data, codes: (errors ?? []).map(({ extensions }) => extensions.code) };
  };

  it('is told when it is asked for, with the image, and with the places of files to administrators alone', async () => {
    const [vmId, volumeId, snapshotId] = [await bench.running(), await bench.volume(), randomUUID()];
    const { chains, imageId } = bench.neighbours;
    chains.snapshotIds.push(snapshotId);
    const { name } = await bench.vms.get(PrismaClient).image.findUniqueOrThrow({ where: { id: imageId } });
    const size = { capacityGib: 1, allocationGib: 0.25 };
    const unsized = { capacityGib: null, allocationGib: null };
    const own = (id: string, isAdmin: boolean) => {
      const path = isAdmin ? `/disks/${id}.qcow2` : null;
      return { role: 'OWN', format: 'qcow2', ...size, snapshotId: null, path, image: null };
    };
    for (const [by, isAdmin] of [[bench.actor, false] as const, [admin(), true] as const]) {
      const path = isAdmin ? '/images/base.img' : null;
      const image = { role: 'IMAGE', format: 'raw', ...size, snapshotId: null, path, image: { id: imageId, name } };
      const snapshot = { role: 'SNAPSHOT', format: 'qcow2', ...unsized, snapshotId, path: null, image: null };
      expect(await ask(VM, vmId, by)).toEqual({
        data: { vm: { id: vmId, diskChain: [own(vmId, isAdmin), snapshot, image] } },
        codes: [],
      });
      const chain = [own(volumeId, isAdmin)];
      expect(await ask(VOLUME, volumeId, by)).toEqual({ data: { volume: { id: volumeId, chain } }, codes: [] });
    }
    expect(chains.asked).toEqual([vmId, volumeId, vmId, volumeId]);
  }, 120_000);

  it('is null of a disk that is not made yet, and its host is not asked', async () => {
    bench.neighbours.disturb = (name) => {
      if (name === 'ensure-disk') throw new DomainError('HOST_UNAVAILABLE');
    };
    const vmId = await bench.created();
    expect(await ask(VM, vmId)).toEqual({ data: { vm: { id: vmId, diskChain: null } }, codes: [] });
    expect(bench.neighbours.chains.asked).not.toContain(vmId);
  }, 120_000);

  it('is null with the reason while its host refuses or is away, without one where its agent is older', async () => {
    const vmId = await bench.running();
    const data = { vm: { id: vmId, diskChain: null } };
    bench.neighbours.chains.refusal = 'STORAGE_UNAVAILABLE';
    expect(await ask(VM, vmId)).toEqual({ data, codes: ['STORAGE_UNAVAILABLE'] });
    const { hostId, imageId } = bench.neighbours;
    await bench.neighbours.stop();
    expect(await ask(VM, vmId)).toEqual({ data, codes: ['HOST_UNAVAILABLE'] });
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId }, false);
    expect(await ask(VM, vmId)).toEqual({ data, codes: [] });
  }, 120_000);
});
