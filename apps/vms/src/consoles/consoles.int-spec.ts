import { randomUUID } from 'node:crypto';
import { DomainError, redeemConsoleTicket, type Actor, type ConsoleAccess } from '@infinibay/contracts';
import { signConsoleTicket, verifyConsoleTicket } from '@infinibay/platform-access';
import { createLogger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Retention } from '@infinibay/platform-subgraph';
import { PoolClient } from '@infinibay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { historyRows } from '../operations/history.rows.js';
import { VmBench } from '../testing/vm-bench.js';
import { INTERNAL_KEY, VmsUnderTest, admin, memberOf } from '../testing/vms-under-test.js';

const CREATE = `mutation ($input: CreateConsoleTicketInput!) { createConsoleTicket(input: $input) { ticket expiresAt vmId protocol } }`;
/** All that who brings a ticket is told of why it is refused. */
const INVALID = { code: 'CONSOLE_TICKET_INVALID', message: 'The console ticket is not valid', details: {} };

interface Ticket {
  readonly ticket: string;
  readonly expiresAt: string;
  readonly vmId: string;
  readonly protocol: string;
}

describe('tickets for consoles', () => {
  let bench: VmBench;
  const vmId = randomUUID();
  /** Hosts that tell nothing, so that a VM there is what its row says. */
  const [hostId, elsewhere] = [randomUUID(), randomUUID()];
  let actor: Actor;
  beforeAll(async () => {
    bench = await VmBench.start();
    actor = bench.actor;
    const { imageId, hostId: told } = bench.neighbours;
    const host = await prisma().host.findUniqueOrThrow({ where: { id: told } });
    await prisma().host.createMany({ data: [hostId, elsewhere].map((id) => ({ ...host, id })) });
    const sizes = { vcpus: 1, memoryMib: 128, diskBytes: 1n };
    const of = { departmentId: bench.departmentId, ownerId: actor.userId, imageId, hostId };
    await prisma().vm.create({ data: { id: vmId, name: 'web', activeName: 'web', state: 'RUNNING', ...of, ...sizes } });
  }, 120_000);
  afterAll(() => bench.stop());
  beforeEach(() => {
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.sessions.set(actor.sessionId, actor);
  });

  const prisma = () => bench.vms.get(PrismaClient);
  const ask = async (input: Record<string, unknown> = {}, by: Actor = actor) => {
    const given = { idempotencyKey: randomUUID(), vmId, access: 'CONTROL', ...input };
    const { data, errors } = await bench.vms.ask(by, CREATE, { input: given });
    const ticket = data?.['createConsoleTicket'] as Ticket | undefined;
    return { ticket, code: errors?.[0]?.extensions.code };
  };
  const given = async (input: Record<string, unknown> = {}, by: Actor = actor): Promise<Ticket> => {
    const { ticket, code } = await ask(input, by);
    if (ticket === undefined) throw new Error(code);
    return ticket;
  };
  const redeem = ({ ticket }: Pick<Ticket, 'ticket'>) =>
    bench.vms.get(RequestClient).call(redeemConsoleTicket, { ticket });
  const refusal = (ticket: Pick<Ticket, 'ticket'>): Promise<unknown> =>
    redeem(ticket).then(
      () => 'redeemed',
      (error: unknown) =>
        error instanceof DomainError ? { code: error.code, message: error.message, details: error.details } : error,
    );
  const amendVm = (data: Prisma.VmUncheckedUpdateInput): Promise<unknown> =>
    prisma().vm.update({ where: { id: vmId }, data });
  /** Refused while something is so, and good again after: it was not used up by that. */
  const waits = async (ticket: Ticket, spoil: () => unknown, mend: () => unknown): Promise<void> => {
    await spoil();
    try {
      expect(await refusal(ticket)).toEqual(INVALID);
    } finally {
      await mend();
    }
    expect(await redeem(ticket)).toMatchObject({ vmId });
  };

  it.each<ConsoleAccess>(['VIEW', 'CONTROL'])('open the console for %s, once, for who was given it', async (access) => {
    const ticket = await given({ access });
    expect(ticket).toMatchObject({ vmId, protocol: 'VNC' });
    const opened = { vmId, hostId, access, actorId: actor.userId, departmentId: bench.departmentId };
    expect(await redeem(ticket)).toEqual(opened);
    expect(await refusal(ticket)).toEqual(INVALID);
  });

  it('hold for sixty seconds of the database, and not a moment longer', async () => {
    const ticket = await given();
    const row = await prisma().consoleTicket.findFirstOrThrow({ orderBy: { issuedAt: 'desc' } });
    expect(row.expiresAt.getTime() - row.issuedAt.getTime()).toBe(60_000);
    expect(row.expiresAt.toISOString()).toBe(new Date(ticket.expiresAt).toISOString());
    const expires = (sql: string) =>
      prisma().$executeRawUnsafe(`UPDATE console_tickets SET expires_at = ${sql} WHERE id_hash = $1`, row.idHash);
    await waits(
      ticket,
      () => expires('now()'),
      () => expires(`now() + interval '1 minute'`),
    );
  });

  it('are redeemed by exactly one of twenty at once, with two instances of the service', async () => {
    const second = await VmsUnderTest.start(bench.database);
    try {
      const ticket = await given();
      const answers = await Promise.all(Array.from({ length: 20 }, () => refusal(ticket)));
      expect(answers.filter((answer) => answer === 'redeemed')).toHaveLength(1);
      for (const answer of answers) expect(['redeemed', INVALID]).toContainEqual(answer);
    } finally {
      await second.stop();
    }
  }, 60_000);

  it('are the same for the same key while they can be used, and then no other is given', async () => {
    const [used, past] = [{ idempotencyKey: randomUUID() }, { idempotencyKey: randomUUID() }];
    const [first, twin] = await Promise.all([given(used), given(used)]);
    expect(twin).toEqual(first);
    // Who asks again may have another session; the ticket is that of the first.
    expect(await given(used, { ...actor, sessionId: randomUUID() })).toEqual(first);
    await redeem(first);
    expect(await ask(used)).toEqual({ ticket: undefined, code: 'CONSOLE_TICKET_SPENT' });
    await given(past);
    const before = await prisma().consoleTicket.count();
    await prisma().$executeRaw`UPDATE console_tickets SET expires_at = now()`;
    expect((await ask(past)).code).toBe('CONSOLE_TICKET_SPENT');
    expect((await ask({ ...past, access: 'VIEW' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    await prisma().consoleTicket.deleteMany();
    expect((await ask(past)).code).toBe('CONSOLE_TICKET_SPENT');
    expect([before > 0, await prisma().consoleTicket.count()]).toEqual([true, 0]);
  });

  it('are given for nothing of another department, and to an administrator', async () => {
    const stranger = memberOf(randomUUID());
    for (const access of ['VIEW', 'CONTROL']) expect((await ask({ access }, stranger)).code).toBe('VM_NOT_FOUND');
    for (const unknown of [randomUUID(), 'nonsense']) expect((await ask({ vmId: unknown })).code).toBe('VM_NOT_FOUND');
    const boss = admin();
    bench.neighbours.sessions.set(boss.sessionId, boss);
    expect(await redeem(await given({}, boss))).toMatchObject({ actorId: boss.userId });
  });

  it('are given for guests that run or stand still, and no others', async () => {
    for (const state of ['BUILDING', 'STARTING', 'STOPPING', 'STOPPED', 'ERROR', 'DELETING'] as const) {
      await amendVm({ state });
      expect([state, (await ask()).code]).toEqual([state, 'VM_BUSY']);
    }
    await amendVm({ state: 'DELETED' });
    expect((await ask()).code).toBe('VM_NOT_FOUND');
    await amendVm({ state: 'PAUSED' });
    expect(await redeem(await given())).toMatchObject({ vmId });
    await amendVm({ state: 'RUNNING' });
  });

  it('are refused while the VM is off, gone or elsewhere', async () => {
    const run = () => amendVm({ state: 'RUNNING' });
    await waits(await given(), () => amendVm({ state: 'STOPPED' }), run);
    await waits(await given(), () => amendVm({ state: 'DELETED' }), run);
    await waits(
      await given(),
      () => amendVm({ hostId: elsewhere }),
      () => amendVm({ hostId }),
    );
  });

  it('are refused when the session has ended, or its user has lost the department', async () => {
    const { sessions } = bench.neighbours;
    const restore = () => sessions.set(actor.sessionId, actor);
    await waits(await given(), () => sessions.delete(actor.sessionId), restore);
    await waits(await given(), () => sessions.set(actor.sessionId, { ...actor, departmentIds: [] }), restore);
  });

  it('wait for users, who alone can say whether the session holds', async () => {
    const ticket = await given();
    bench.neighbours.disturb = (name) => {
      if (name === 'resolve-session') throw new DomainError('SERVICE_UNAVAILABLE');
    };
    expect(await refusal(ticket)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    bench.neighbours.disturb = () => undefined;
    expect(await redeem(ticket)).toMatchObject({ vmId });
  });

  it('are refused when we did not give them, also signed with our key', async () => {
    const claims = await verifyConsoleTicket((await given({ access: 'VIEW' })).ticket, INTERNAL_KEY);
    const forged = await Promise.all([
      signConsoleTicket(claims, 'x'.repeat(32)),
      signConsoleTicket({ ...claims, id: randomUUID() }, INTERNAL_KEY),
      signConsoleTicket({ ...claims, actorId: randomUUID() }, INTERNAL_KEY),
      signConsoleTicket({ ...claims, vmId: randomUUID() }, INTERNAL_KEY),
    ]);
    for (const ticket of [...forged, 'nonsense']) expect(await refusal({ ticket })).toEqual(INVALID);
    // What was given counts, not what the ticket says.
    const more = await signConsoleTicket({ ...claims, access: 'CONTROL' }, INTERNAL_KEY);
    expect(await redeem({ ticket: more })).toMatchObject({ access: 'VIEW' });
  });

  it('leave nothing behind that one could be made of, and an entry of each use and refusal', async () => {
    const idempotencyKey = randomUUID();
    const ticket = await given({ idempotencyKey });
    await redeem(ticket);
    await refusal(ticket);
    const rows = JSON.stringify(await prisma().consoleTicket.findMany());
    const results = JSON.stringify(await prisma().$queryRaw`SELECT result FROM idempotency_keys`);
    for (const secret of [ticket.ticket, idempotencyKey]) expect(rows + results).not.toContain(secret);
    const entries = await prisma().auditEntry.findMany({
      where: { actorId: actor.userId, resourceId: vmId, verb: { endsWith: 'ConsoleTicket' } },
      orderBy: { id: 'desc' },
      take: 3,
    });
    expect(entries.map(({ verb, result }) => [verb, result])).toEqual([
      ['redeemConsoleTicket', 'CONSOLE_TICKET_INVALID'],
      ['redeemConsoleTicket', 'ok'],
      ['createConsoleTicket', 'ok'],
    ]);
  });

  it('go a day after their end', async () => {
    await prisma().consoleTicket.deleteMany();
    for (const hours of [25, 23])
      await prisma().$executeRaw`INSERT INTO console_tickets
        (id_hash, vm_id, host_id, actor_id, session_id, access, issued_at, expires_at)
        SELECT ${String(hours)}, id, id, id, id, 'VIEW', now(), now() - make_interval(hours => ${hours}::int)
        FROM vms WHERE id = ${vmId}::uuid`;
    const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
    const rows = historyRows({ HISTORY_KEEP_DAYS: 90 });
    const client = new PoolClient(bench.database.url);
    const retention = new Retention(client, rows, logger, new MetricsRegistry('test'));
    do await retention.take();
    while ((await retention.nextDueInMs()) <= 0);
    await client.$disconnect();
    expect((await prisma().consoleTicket.findMany()).map(({ idHash }) => idHash)).toEqual(['23']);
  });
});
