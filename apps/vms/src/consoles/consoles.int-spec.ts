import { randomUUID } from 'node:crypto';
import { DomainError, redeemConsoleTicket, type Actor, type ConsoleAccess } from '@infinibay/contracts';
import { signConsoleTicket, verifyConsoleTicket } from '@infinibay/platform-access';
import { createLogger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Retention } from '@infinibay/platform-subgraph';
import { PoolClient, patience, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { historyRows } from '../operations/history.rows.js';
import { VmBench } from '../testing/vm-bench.js';
import { ConsoleRedemptionService } from './console-redemption.service.js';
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
    const found = await prisma().host.findUniqueOrThrow({ where: { id: told } });
    const { hardware: _hardware, tuning: _tuning, ...host } = found;
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
    bench.vms.get(RequestClient).call(redeemConsoleTicket, { ticket }, { timeoutMs: patience(5_000) });
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
    const issued = Math.floor(row.issuedAt.getTime() / 1_000);
    expect(row.expiresAt.getTime()).toBe((issued + 60) * 1_000);
    expect(row.expiresAt.toISOString()).toBe(new Date(ticket.expiresAt).toISOString());
    const [, claims = ''] = ticket.ticket.split('.');
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly exp: number };
    expect(exp * 1_000).toBe(row.expiresAt.getTime());
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
    // Another session of the same user neither gets the first one's ticket nor another, and takes nothing from it.
    const other = { ...actor, sessionId: randomUUID() };
    expect(await ask(used, other)).toEqual({ ticket: undefined, code: 'CONSOLE_TICKET_SPENT' });
    expect(await given(used)).toEqual(first);
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

  it('cost users nothing when they were used, are past or were never given', async () => {
    const [used, past] = [await given(), await given()];
    await redeem(used);
    await prisma().$executeRaw`UPDATE console_tickets SET expires_at = now() WHERE redeemed_at IS NULL`;
    const claims = await verifyConsoleTicket(used.ticket, INTERNAL_KEY);
    const unknown = { ticket: await signConsoleTicket({ ...claims, id: randomUUID() }, INTERNAL_KEY) };
    const asked: string[] = [];
    bench.neighbours.disturb = (name) => void asked.push(name);
    for (const ticket of [used, past, unknown]) expect(await refusal(ticket)).toEqual(INVALID);
    expect(asked).toEqual([]);
    await redeem(await given());
    expect(asked).toEqual(['resolve-session']);
  });

  it('are not used up for a caller who has gone meanwhile', async () => {
    const { ticket } = await given();
    const redemptions = bench.vms.get(ConsoleRedemptionService);
    let isOver = false;
    const meta = {
      get deadline() {
        return isOver ? 0 : Number.MAX_SAFE_INTEGER;
      },
    };
    const waiting = () => prisma().$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'SELECT id FROM vms %'`;
    const late = await prisma().$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT id FROM vms WHERE id = ${vmId}::uuid FOR UPDATE`;
        const redeemed = redemptions.redeem(ticket, meta).catch((error: unknown) => error);
        // It has the ticket by then, and waits for the VM.
        await pollUntil(async () => (await waiting()).length > 0, {
          timeoutMs: 10_000,
          what: 'the redemption to wait',
        });
        isOver = true;
        return { redeemed };
      },
      { timeout: 30_000 },
    );
    expect(await late.redeemed).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    // Nor is one begun whose caller has gone before.
    await expect(redemptions.redeem(ticket, meta)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await redeem({ ticket })).toMatchObject({ vmId });
  }, 60_000);

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

  it('are kept nowhere, nor are their signatures: without our key the database gives none', async () => {
    const idempotencyKey = randomUUID();
    const { ticket } = await given({ idempotencyKey });
    await redeem({ ticket });
    const tables = await prisma().$queryRaw<
      { text: string }[]
    >`SELECT console_tickets::text AS text FROM console_tickets
      UNION ALL SELECT idempotency_keys::text FROM idempotency_keys UNION ALL SELECT audit_log::text FROM audit_log
      UNION ALL SELECT outbox::text FROM outbox`;
    const text = tables.map((row) => row.text).join('\n');
    for (const secret of [ticket, ticket.split('.')[2] ?? '']) expect(text).not.toContain(secret);
    // The name of the ticket is there: with our key one could be made of it, as any could be.
    expect(text).toContain(idempotencyKey);
    expect(JSON.stringify(await prisma().consoleTicket.findMany())).not.toContain(idempotencyKey);
  });

  it.each<ConsoleAccess>(['VIEW', 'CONTROL'])('leave an entry of each issue, use and refusal of %s', async (access) => {
    const ticket = await given({ access });
    await redeem(ticket);
    await refusal(ticket);
    expect((await ask({ access, vmId: randomUUID() })).code).toBe('VM_NOT_FOUND');
    const entries = await prisma().auditEntry.findMany({
      where: { actorId: actor.userId, verb: { contains: 'ConsoleTicket' } },
      orderBy: { id: 'desc' },
      take: 4,
    });
    expect(entries.map(({ verb, resourceId, result }) => [verb, resourceId, result])).toEqual([
      [`createConsoleTicket:${access}`, null, 'VM_NOT_FOUND'],
      [`redeemConsoleTicket:${access}`, vmId, 'CONSOLE_TICKET_INVALID'],
      [`redeemConsoleTicket:${access}`, vmId, 'ok'],
      [`createConsoleTicket:${access}`, vmId, 'ok'],
    ]);
  });

  it('leave no entry when they are forged: who brought one is not known', async () => {
    const claims = await verifyConsoleTicket((await given()).ticket, INTERNAL_KEY);
    const before = await prisma().auditEntry.count();
    expect(await refusal({ ticket: await signConsoleTicket(claims, 'x'.repeat(32)) })).toEqual(INVALID);
    expect(await prisma().auditEntry.count()).toBe(before);
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
