import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { RULE_NAMES } from '@infinibay/vms-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';
import { MAX_KEPT_HOSTS } from './placement.record.js';

const PLACEMENT = `query ($id: ID!) {
  vm(id: $id) { placement { hostCount refusals { rule hosts } hostsConsidered { hostId host { id hostname cpus } refusedBy message } } }
}`;
const HOSTS = '{ hosts { id hostname online cpus memoryMib libvirtVersion } }';

interface KeptView {
  readonly hostCount: number;
  readonly refusals: unknown[];
  readonly hostsConsidered: { readonly hostId: string; readonly host: unknown; readonly refusedBy: string | null }[];
}

describe('a placement that is kept', () => {
  let bench: VmBench;
  let hosts: FurtherHosts;
  const administrator = admin();
  beforeAll(async () => {
    bench = await VmBench.start();
    hosts = await FurtherHosts.start(bench.neighbours.imageId);
  }, 120_000);
  afterAll(async () => {
    await hosts.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const kept = async (id: string, as = administrator): Promise<KeptView | null | undefined> =>
    ((await bench.vms.ask(as, PLACEMENT, { id })).data?.['vm'] as { placement: KeptView | null } | undefined)
      ?.placement;
  const row = (vmId: string, hostId: string, rule: string) => ({
    vmId,
    decidedAt: new Date(),
    hostsConsidered: 1,
    refusals: [{ rule, hosts: 1 }],
    verdicts: [{ hostId, refusal: { rule, message: 'words of then', needed: null, available: null }, score: null }],
  });

  it('is null for a VM of an older version, and what else is asked is answered', async () => {
    const id = await bench.created();
    await database().vmPlacement.delete({ where: { vmId: id } });
    expect(await kept(id)).toBeNull();
    expect(await kept(id, bench.actor)).toBeNull();
  });

  it('stays readable when its host is gone and its rule is not known any more', async () => {
    const id = await bench.created();
    const hostId = randomUUID();
    const { vmId, ...data } = row(id, hostId, 'rule-of-then');
    await database().vmPlacement.update({ where: { vmId }, data });
    expect(await kept(id)).toEqual({
      hostCount: 1,
      refusals: [{ rule: 'rule-of-then', hosts: 1 }],
      hostsConsidered: [{ hostId, host: null, refusedBy: 'rule-of-then', message: 'words of then' }],
    });
  });

  it('tells of every rule by which hosts were refused', async () => {
    const id = await bench.created();
    const refusals = RULE_NAMES.map((rule) => ({ rule, hosts: 1 }));
    await database().vmPlacement.update({ where: { vmId: id }, data: { refusals } });
    expect((await kept(id))?.refusals).toEqual(refusals);
  });

  it('is not written by a picture of the fleet, which the database keeps from it', async () => {
    const fleet = bench.vms.get(FleetRepository);
    const id = await bench.created();
    await expect(fleet.picture((tx) => tx.vm.update({ where: { id }, data: { memoryMib: 1 } }))).rejects.toThrow(
      /read-only/,
    );
    const promised = await fleet.picture((tx) => fleet.candidates(tx, []));
    expect(promised[0]?.images.size).toBe(0);
    expect(promised[0]?.committedMib).toBe(128 * (await database().vm.count()));
  });

  it('goes with the row of its VM', async () => {
    const id = await bench.created();
    await bench.reaches(id, 'RUNNING');
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(await database().vmPlacement.count({ where: { vmId: id } })).toBe(1);
    await database().vm.delete({ where: { id } });
    expect(await database().vmPlacement.count({ where: { vmId: id } })).toBe(0);
  }, 120_000);

  it('has at most 20 hosts of a large fleet, the chosen one first, and counts all', async () => {
    for (let index = 0; index < 24; index += 1) hosts.add({ hasImage: index % 2 === 0, memoryMib: 9_000 + index });
    await pollUntil(async () => (await database().hostImage.count()) === 13 || null, {
      what: 'the fleet',
      timeoutMs: 60_000,
    });
    await pollUntil(async () => (await database().host.count()) === 25 || null, { what: 'hosts', timeoutMs: 60_000 });
    const id = await bench.created();
    const { hostId } = await database().vm.findUniqueOrThrow({ where: { id } });
    const placement = await kept(id);
    expect(placement).toMatchObject({ hostCount: 25, refusals: [{ rule: 'image-present', hosts: 12 }] });
    expect(placement?.hostsConsidered).toHaveLength(MAX_KEPT_HOSTS);
    expect(placement?.hostsConsidered[0]).toMatchObject({ hostId, host: { cpus: 4 }, refusedBy: null });
    expect(placement?.hostsConsidered.filter(({ refusedBy }) => refusedBy === null)).toHaveLength(13);
    expect((await kept(id, bench.actor))?.hostsConsidered).toMatchObject([
      { hostId, host: { id: hostId, cpus: null } },
    ]);
  }, 120_000);

  it('names hosts that only administrators list, with their sizes', async () => {
    const { data } = await bench.vms.ask(administrator, HOSTS);
    expect(data?.['hosts']).toContainEqual(
      expect.objectContaining({ id: bench.neighbours.hostId, hostname: 'host-1', online: true, cpus: 4 }),
    );
    const refused = await bench.vms.ask(bench.actor, HOSTS);
    expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
