import { randomUUID } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { PORT } from '../testing/simulated-links.js';
import { cardIn } from '../testing/simulated-ports.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest } from '../testing/vms-under-test.js';

const HOUR_MS = 3_600_000;

interface Kill {
  readonly mutation: 'addVmPort' | 'removeVmPort' | 'changeVmPortNetwork';
  /** Where the process that works on the VM ends, as FAILPOINT names it. */
  readonly place: string;
  /** It is about the first port of two. */
  readonly ofFirst?: true;
  /** The new card has come before: it dies while the guest gives back the old one. */
  readonly isHalfDone?: true;
  /** The network has no address left when the next process takes it up. */
  readonly isFullThen?: true;
}

interface Begun {
  readonly vmId: string;
  /** The network of its further port, and the one that is named. */
  readonly further: string;
  readonly named: string;
}

const KILLS: readonly Kill[] = [
  { mutation: 'addVmPort', place: 'before:attach-port' },
  { mutation: 'addVmPort', place: 'after:attach-port' },
  { mutation: 'addVmPort', place: 'before:attach-port', isFullThen: true },
  { mutation: 'removeVmPort', place: 'before:detach-port' },
  { mutation: 'removeVmPort', place: 'after:detach-port' },
  { mutation: 'removeVmPort', place: 'after:detach-port', ofFirst: true },
  { mutation: 'changeVmPortNetwork', place: 'before:change-port' },
  { mutation: 'changeVmPortNetwork', place: 'after:change-port' },
  { mutation: 'changeVmPortNetwork', place: 'after:change-port', ofFirst: true },
  { mutation: 'changeVmPortNetwork', place: 'after:change-port', isHalfDone: true },
  { mutation: 'changeVmPortNetwork', place: 'after:change-port', ofFirst: true, isHalfDone: true },
];

/** The service itself, as an operator starts it: what a SIGKILL leaves of it is with its neighbours and in the database. */
describe('a service that is killed while ports come and go', () => {
  let bench: VmBench;
  let database: PrismaClient;
  const begun: Begun[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start({ RECONCILE_WORKERS: '1' });
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    for (const kill of KILLS) begun.push(await accepted(kill));
    await bench.vms.stop();
    for (const [index, kill] of KILLS.entries()) {
      const { vmId, named } = ofKill(index);
      await dieAt(kill, vmId);
      if (kill.isFullThen === true) bench.neighbours.ports.full.add(named);
    }
    bench.vms = await VmsUnderTest.start(bench.database);
    for (const { vmId } of begun) await lease(vmId, null);
  }, 400_000);
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await database.$disconnect();
    await bench.stop();
  });

  const ofKill = (index: number): Begun => {
    const one = begun[index];
    if (one === undefined) throw new RangeError(`there are not ${index} kills`);
    return one;
  };
  const first = () => bench.neighbours.hostId;
  const macsIn = (networkIds: readonly string[]): string[] =>
    networkIds.map((one) => (one === first() ? PORT : cardIn(one)).mac).sort();

  /** Whoever has taken it up is a replaced worker then, and does nothing more. */
  const lease = (id: string, owner: string | null) =>
    database.vm.update({
      where: { id },
      data: {
        leaseOwner: owner,
        leaseUntil: owner === null ? null : new Date(Date.now() + HOUR_MS),
        fence: { increment: 1 },
      },
    });

  /** A request about a VM with two ports, that no worker has taken up yet. */
  const accepted = async ({ mutation, ofFirst, isHalfDone }: Kill): Promise<Begun> => {
    const [vmId, further, named] = [await bench.running(), randomUUID(), randomUUID()];
    expect((await bench.say('addVmPort', { vmId, networkId: further })).errors).toBeUndefined();
    await bench.until(vmId, 'its second port', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const { links } = bench.neighbours.vm(vmId).sizes;
    links.isKept = isHalfDone === true;
    if (!links.isKept) await lease(vmId, 'nobody');
    const portId = ofFirst === true ? PORT.portId : further;
    const said = {
      addVmPort: { networkId: named },
      removeVmPort: { portId },
      changeVmPortNetwork: { portId, networkId: named },
    }[mutation];
    expect((await bench.say(mutation, { vmId, ...said })).errors).toBeUndefined();
    if (!links.isKept) return { vmId, further, named };
    const leaving = { vmId, attachment: 'DETACHING' } as const;
    const isAskedBack = async () => (await database.vmPort.count({ where: leaving })) > 0;
    await pollUntil(isAskedBack, { what: 'the old card to be asked back', timeoutMs: 60_000 });
    await lease(vmId, 'nobody');
    links.isKept = false;
    return { vmId, further, named };
  };

  /** Lets a service of its own take it up, which ends there. */
  const dieAt = async ({ place }: Kill, vmId: string): Promise<void> => {
    await lease(vmId, null);
    const service = spawnVms(bench.database, { FAILPOINT: place });
    services.push(service);
    const [, signal] = (await once(service, 'exit')) as [number | null, NodeJS.Signals | null];
    expect([place, signal]).toEqual([place, 'SIGKILL']);
    await lease(vmId, 'nobody');
  };

  /** The networks in which it has ports afterwards, its first one first. */
  const wanted = ({ mutation, ofFirst, isFullThen }: Kill, { further, named }: Begun): string[] => {
    if (mutation === 'addVmPort') return isFullThen === true ? [first(), further] : [first(), further, named];
    const gone = ofFirst === true ? first() : further;
    const kept = [first(), further].filter((one) => one !== gone);
    if (mutation === 'removeVmPort') return kept;
    return ofFirst === true ? [named, ...kept] : [...kept, named];
  };

  it.each(KILLS.map((kill, index) => [kill.mutation, kill.place, kill, index] as const))(
    'does %s once, killed %s, and leaves no port or card behind',
    async (_mutation, _place, kill, index) => {
      const { vmId, ...networks } = ofKill(index);
      const status = kill.isFullThen === true ? 'FAILED' : 'SUCCEEDED';
      await bench.until(vmId, 'the end', ({ operations }) => operations[0]?.status === status);
      const rows = () => database.vmPort.findMany({ where: { vmId }, orderBy: { createdAt: 'asc' } });
      const isAtRest = async () => (await rows()).every(({ attachment }) => attachment === 'ATTACHED');
      await pollUntil(isAtRest, { what: 'nothing to be under way', timeoutMs: 60_000 });
      const [firstOne = '', ...others] = wanted(kill, { vmId, ...networks });
      expect((await rows()).map(({ networkId }) => networkId)).toEqual(others);
      expect(await database.vm.findUniqueOrThrow({ where: { id: vmId } })).toMatchObject({
        networkId: firstOne,
        state: 'RUNNING',
        errorCode: null,
      });
      const ports = bench.neighbours.ports.of(vmId).map(([networkId]) => networkId);
      expect(ports).toEqual([firstOne, ...others]);
      const { definition, live } = bench.neighbours.vm(vmId).sizes.links.observed();
      for (const cards of [definition, live])
        expect(cards?.map(({ mac }) => mac).sort()).toEqual(macsIn([firstOne, ...others]));
    },
    120_000,
  );
});
