import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { holdsFor, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, memberOf } from '../testing/vms-under-test.js';

describe('suspendVm and resumeVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '5' });
  }, 120_000);
  afterAll(() => bench.stop());

  const guest = (id: string) => bench.neighbours.vm(id);
  const row = (id: string) => bench.vms.get(PrismaClient).vm.findUniqueOrThrow({ where: { id } });
  /** One answer reads the VM and then its operations: what ended in between is read whole by the next. */
  const ends = async (id: string, kind: string, status = 'SUCCEEDED') => {
    await bench.until(id, `${kind} ${status}`, ({ operations }) =>
      operations.some((one) => one.kind === kind && one.status === status),
    );
    return bench.view(id);
  };
  /** What its host has told late may have it looked at once more. */
  const rests = (id: string, desired: string) =>
    pollUntil(
      async () => {
        const vm = await row(id);
        return vm.desired === desired && vm.reconcileAt === null && vm.leaseOwner === null;
      },
      { what: `a VM that rests ${desired}` },
    );
  const suspended = async (): Promise<string> => {
    const id = await bench.running();
    await bench.act('suspendVm', id);
    await ends(id, 'SUSPEND_VM');
    return id;
  };
  const codes = (answer: Awaited<ReturnType<VmBench['act']>>) =>
    answer.errors?.map(({ extensions }) => extensions.code);

  it('stop a guest and let it run on; it shows what it is, and both are told', async () => {
    const id = await bench.running();
    await bench.vms.get(PrismaClient).vm.update({ where: { id }, data: { guestReadyAt: new Date() } });
    const before = await bench.told(id);
    expect(await bench.act('suspendVm', id)).toMatchObject({ data: { suspendVm: { vm: { state: 'RUNNING' } } } });
    const paused = await ends(id, 'SUSPEND_VM');
    expect(paused).toMatchObject({ state: 'PAUSED', pauseReason: 'user', error: null });
    expect(guest(id).power).toBe('paused');
    await rests(id, 'PAUSED');
    expect((await row(id)).guestReadyAt).not.toBeNull();
    expect(await bench.act('resumeVm', id)).toMatchObject({ data: { resumeVm: { vm: { state: 'PAUSED' } } } });
    expect(await ends(id, 'RESUME_VM')).toMatchObject({ state: 'RUNNING', pauseReason: null });
    expect(guest(id).power).toBe('running');
    const told = (await bench.told(id)).slice(before.length);
    expect(told.filter((name) => name !== 'updated')).toEqual(['paused', 'resumed']);
  });

  it('do nothing to a VM that is so already, and end as done', async () => {
    const id = await suspended();
    bench.neighbours.calls.length = 0;
    await bench.act('suspendVm', id);
    await bench.until(id, 'the second', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    for (const _ of [1, 2]) {
      await bench.act('resumeVm', id);
      await bench.until(id, 'the resume', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    }
    expect(bench.neighbours.calls.filter((name) => ['suspend-vm', 'resume-vm'].includes(name))).toEqual(['resume-vm']);
  });

  it('leave a VM suspended whatever starts anew, and suspend it again when somebody lets it run on by hand', async () => {
    const id = await suspended();
    await bench.vms.stop();
    bench.vms = await VmsUnderTest.start(bench.database, { SHUTDOWN_GRACE_SECONDS: '5' });
    const stays = async () => {
      bench.report();
      return guest(id).power === 'paused' && (await row(id)).state === 'PAUSED';
    };
    await holdsFor(1_500, stays, 'it stays suspended');
    bench.neighbours.powerChange(id, 'running', 'unpaused');
    await pollUntil(() => guest(id).power === 'paused' || (bench.report(), false), { what: 'the suspension' });
    expect(await bench.reaches(id, 'PAUSED')).toMatchObject({ pauseReason: 'user' });
  }, 120_000);

  it.each(['crashed', 'off'] as const)(
    'tell that a guest which is found %s is lost, and a start boots it anew',
    async (power) => {
      const id = await suspended();
      bench.neighbours.powerChange(id, power, power === 'off' ? 'destroyed' : 'panicked');
      expect(await bench.reaches(id, 'ERROR')).toMatchObject({ error: { code: 'SUSPENDED_GUEST_LOST' } });
      const stays = async () => {
        bench.report();
        return guest(id).power === power && (await row(id)).reconcileAt === null;
      };
      await holdsFor(1_000, stays, 'nobody boots it');
      expect(codes(await bench.act('resumeVm', id))).toEqual(['VM_BUSY']);
      await bench.act('startVm', id);
      expect(await bench.reaches(id, 'RUNNING')).toMatchObject({ error: null });
      expect(guest(id)).toMatchObject({ power: 'running', disksMade: 1 });
    },
  );

  it('fail when the guest powers itself off first, and leave it off', async () => {
    const id = await bench.running();
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'suspend-vm' || vmId !== id) return;
      Object.assign(guest(id), { power: 'off', reason: 'shutdown' });
    };
    await bench.act('suspendVm', id);
    const vm = await ends(id, 'SUSPEND_VM', 'FAILED');
    bench.neighbours.disturb = () => undefined;
    expect(vm).toMatchObject({
      state: 'STOPPED',
      error: null,
      operations: [{ errorCode: 'SUSPENDED_GUEST_LOST' }, {}],
    });
    expect(await row(id)).toMatchObject({ desired: 'STOPPED' });
  });

  it('keep a VM suspended whose disk goes and comes back', async () => {
    const id = await suspended();
    guest(id).disk = false;
    expect(await bench.reaches(id, 'ERROR')).toMatchObject({ error: { code: 'DISK_MISSING' } });
    expect(guest(id).power).toBe('paused');
    guest(id).disk = true;
    expect(await bench.reaches(id, 'PAUSED')).toMatchObject({ error: null, pauseReason: 'user' });
    expect(guest(id)).toMatchObject({ power: 'paused', disksMade: 1 });
  });

  it('suspend a guest whose disk is gone: that is done, and the disk is told of', async () => {
    const id = await bench.running();
    await bench.held(id, () => {
      guest(id).disk = false;
      return bench.act('suspendVm', id);
    });
    expect(await ends(id, 'SUSPEND_VM')).toMatchObject({ error: { code: 'DISK_MISSING' } });
    expect(guest(id).power).toBe('paused');
  });

  it('keep a guest that ran out of space from running on by itself, once somebody wants it suspended', async () => {
    const id = await bench.running();
    guest(id).stuck = true;
    bench.neighbours.powerChange(id, 'paused', 'io-error');
    expect(await bench.reaches(id, 'PAUSED')).toMatchObject({ pauseReason: 'io-error' });
    await bench.act('suspendVm', id);
    expect(await ends(id, 'SUSPEND_VM')).toMatchObject({ pauseReason: 'user' });
    guest(id).stuck = false;
    await holdsFor(1_500, () => (bench.report(), guest(id).power === 'paused'), 'it stays suspended');
    await bench.act('resumeVm', id);
    await ends(id, 'RESUME_VM');
    expect(guest(id).power).toBe('running');
  });

  it('fail a resume after which the guest stays paused, and show it as paused', async () => {
    const id = await bench.running();
    guest(id).stuck = true;
    bench.neighbours.powerChange(id, 'paused', 'user');
    await bench.reaches(id, 'PAUSED');
    await bench.act('resumeVm', id);
    expect(await ends(id, 'RESUME_VM', 'FAILED')).toMatchObject({
      state: 'PAUSED',
      pauseReason: 'user',
      operations: [{ errorCode: 'VM_PAUSED' }, {}],
    });
  });

  it.each([
    ['startVm', 'RUNNING', 'running'],
    ['forceOffVm', 'STOPPED', 'off'],
  ])('give way to %s', async (mutation, state, power) => {
    const id = await suspended();
    await bench.act(mutation, id);
    await bench.reaches(id, state);
    expect(guest(id).power).toBe(power);
  });

  it('let a suspended guest hear its power button, and delete it with all it has', async () => {
    const ids = [await suspended(), await suspended()];
    const [down = '', gone = ''] = ids;
    await bench.act('shutdownVm', down);
    await bench.until(down, 'the power button', () => guest(down).power === 'shutting-down');
    bench.neighbours.powerChange(down, 'off', 'shutdown');
    await bench.reaches(down, 'STOPPED');
    await bench.act('deleteVm', gone);
    await bench.isGone(gone);
    expect(bench.neighbours.leftovers()).not.toContain(gone);
  });

  it('are not for other departments', async () => {
    const id = await bench.running();
    for (const name of ['suspendVm', 'resumeVm', 'resetVm']) {
      const query = `mutation ($input: VmActionInput!) { ${name}(input: $input) { vm { id } } }`;
      const input = { idempotencyKey: randomUUID(), vmId: id };
      expect(codes(await bench.vms.ask(memberOf(randomUUID()), query, { input }))).toEqual(['VM_NOT_FOUND']);
    }
    expect(guest(id)).toMatchObject({ power: 'running', resets: [] });
  });

  it('end as the last of twenty in parallel says, and each of the others is answered', async () => {
    const id = await bench.running();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.act(index % 2 === 0 ? 'suspendVm' : 'resumeVm', id)),
    );
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    const operations = () =>
      bench.vms.get(PrismaClient).operation.findMany({ where: { resourceId: id }, orderBy: { createdAt: 'asc' } });
    await pollUntil(async () => (await operations()).every(({ finishedAt }) => finishedAt !== null), {
      what: 'the end of all',
      timeoutMs: 60_000,
    });
    const all = await operations();
    expect(all).toHaveLength(21);
    const { desired, state } = await row(id);
    expect(state).toBe(desired);
    expect(guest(id).power).toBe(desired === 'PAUSED' ? 'paused' : 'running');
  });

  it('are tried again when the host was away, and done once it is back', async () => {
    const id = await bench.running();
    let losses = 0;
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'suspend-vm' || vmId !== id || losses === 2) return;
      losses += 1;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.act('suspendVm', id);
    await ends(id, 'SUSPEND_VM');
    bench.neighbours.disturb = () => undefined;
    expect(losses).toBe(2);
  });

  it('leave a VM as it is that can not be suspended', async () => {
    const id = await bench.running();
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'suspend-vm' && vmId === id) throw new DomainError('UNSUPPORTED_BY_DRIVER');
    };
    await bench.act('suspendVm', id);
    expect(await ends(id, 'SUSPEND_VM', 'FAILED')).toMatchObject({
      state: 'RUNNING',
      error: null,
      operations: [{ errorCode: 'UNSUPPORTED_BY_DRIVER' }, {}],
    });
    bench.neighbours.disturb = () => undefined;
    await rests(id, 'RUNNING');
  });

  it('keep the VM suspended when somebody asks for a restart meanwhile, which fails', async () => {
    const id = await bench.running();
    await bench.act('suspendVm', id);
    const answer = await bench.act('rebootVm', id);
    // It may be suspended already by then.
    if (answer.errors === undefined) await ends(id, 'REBOOT_VM', 'FAILED');
    else expect(codes(answer)).toEqual(['VM_BUSY']);
    expect(await bench.reaches(id, 'PAUSED')).toMatchObject({ pauseReason: 'user' });
    expect(guest(id)).toMatchObject({ power: 'paused', restartsAskedFor: [] });
  });
});
