import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { TransferBench } from '../testing/transfer-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest } from '../testing/vms-under-test.js';

const HOUR_MS = 3_600_000;

interface Kill {
  /** Where the process that works on the VM ends, as FAILPOINT names it. */
  readonly place: string;
  /** The other department may have no more VMs when the next process takes it up. */
  readonly isFullThen?: true;
  /** It is started before anything else is done to it. */
  readonly isStartedThen?: true;
}

interface Begun {
  readonly vmId: string;
  readonly to: TransferBench;
}

const KILLS: readonly Kill[] = [
  { place: 'before:transfer' },
  { place: 'after:transfer' },
  { place: 'after:transfer', isFullThen: true },
  { place: 'before:settle-in' },
  { place: 'before:settle-in', isStartedThen: true },
  { place: 'after:settle-in' },
];

/** The service itself, as an operator starts it: what a SIGKILL leaves of it is with its neighbours and in the database. */
describe('a service that is killed while it gives a VM to another department', () => {
  let bench: VmBench;
  let database: PrismaClient;
  const begun: Begun[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start({ RECONCILE_WORKERS: '1' });
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    for (const _kill of KILLS) begun.push(await accepted());
    await bench.vms.stop();
    for (const [index, kill] of KILLS.entries()) {
      const { vmId, to } = ofKill(index);
      await dieAt(kill, vmId);
      if (kill.isFullThen !== true) continue;
      await database.departmentQuota.create({ data: { departmentId: to.departmentId, vms: 0n } });
    }
    bench.vms = await VmsUnderTest.start(bench.database);
    for (const [index, { isStartedThen }] of KILLS.entries()) {
      const { vmId, to } = ofKill(index);
      if (isStartedThen === true) expect((await bench.say('startVm', { vmId }, to.actor)).errors).toBeUndefined();
      await lease(vmId, null);
    }
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

  /** A transfer to a department of its own, that no worker has taken up yet. */
  const accepted = async (): Promise<Begun> => {
    const to = new TransferBench(bench, () => database);
    const vmId = await to.off();
    await lease(vmId, 'nobody');
    expect(await to.ask({ vmId })).toBeNull();
    return { vmId, to };
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

  it.each(KILLS.map((kill, index) => [kill.place, kill, index] as const))(
    'leaves it in one of the two with all that belongs to it, killed %s',
    async (_place, { isFullThen = false, isStartedThen = false }, index) => {
      const { vmId, to } = ofKill(index);
      const { vm, operation } = await to.ended(vmId, isStartedThen ? 'RUNNING' : 'STOPPED');
      const told = (await to.told(vmId)).filter(({ name }) => name.endsWith('-department'));
      expect(to.around(vmId)).toEqual(isFullThen ? to.here : to.there);
      const { departmentId } = isFullThen ? bench : to;
      expect(vm).toMatchObject({ departmentId, errorCode: null });
      expect(operation).toMatchObject(
        isFullThen ? { status: 'FAILED', errorCode: 'QUOTA_EXCEEDED' } : { status: 'SUCCEEDED' },
      );
      const names = told.map((event) => [event.name, event.departmentId]);
      const moved = [
        ['vm.left-department', bench.departmentId],
        ['vm.joined-department', to.departmentId],
      ];
      expect(names).toEqual(isFullThen ? [] : moved);
    },
    120_000,
  );
});
