import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../users-service.fixture.js';

const PASSWORD = 'a password that is long';
const CREATE = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }';
const DISABLE = 'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { id disabled } }';
const CHANGE_PASSWORD = 'mutation ($input: ChangeMyPasswordInput!) { changeMyPassword(input: $input) { id } }';
const CREATE_DEPARTMENT = 'mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id } }';
const ADD = 'mutation ($input: AddDepartmentMemberInput!) { addDepartmentMember(input: $input) { id } }';
const LOGIN =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }';
const AT_ONCE = 8;

/** The same by several people at the same time, each with a key of their own: no replay, but a race. */
describe('changes of users and departments at once', () => {
  let users: UsersService;
  let admin: Actor;
  beforeAll(async () => {
    users = await UsersService.start();
    admin = await users.adminActor();
  });
  afterAll(() => users.stopAndDrop());

  const codeOf = async (query: string, input: Record<string, unknown>, as: Actor = admin): Promise<string> =>
    (await users.call(query, { as, variables: { input: { idempotencyKey: randomUUID(), ...input } } })).code ?? 'ok';
  const created = async (change: Record<string, unknown> = {}): Promise<{ actor: Actor; email: string }> => {
    const email = `${randomUUID()}@example.org`;
    const input = { idempotencyKey: randomUUID(), email, name: 'Somebody', password: PASSWORD, ...change };
    const { createUser } = await users.ask<{ createUser: { id: string } }>(CREATE, { as: admin, variables: { input } });
    const role = change['role'] === 'ADMIN' ? 'ADMIN' : 'USER';
    return { email, actor: { userId: createUser.id, sessionId: randomUUID(), role, departmentIds: [] } };
  };
  const atOnce = (call: (index: number) => Promise<string>): Promise<string[]> =>
    Promise.all(Array.from({ length: AT_ONCE }, (_, index) => call(index)));
  const others = (code: string): string[] => Array.from({ length: AT_ONCE - 1 }, () => code);
  const published = async (name: string, id: string): Promise<number> => {
    const [row] = await users.database.$queryRawUnsafe<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM outbox WHERE payload->>'name' = $1 AND payload->'data'->>'userId' = $2`,
      name,
      id,
    );
    return row?.count ?? 0;
  };

  it('leave an administrator when two disable each other', async () => {
    const [one, two] = [await created({ role: 'ADMIN' }), await created({ role: 'ADMIN' })];
    expect(await codeOf(DISABLE, { userId: admin.userId, disabled: true }, one.actor)).toBe('ok');
    const codes = await Promise.all([
      codeOf(DISABLE, { userId: two.actor.userId, disabled: true }, one.actor),
      codeOf(DISABLE, { userId: one.actor.userId, disabled: true }, two.actor),
    ]);
    expect(codes.sort()).toEqual(['LAST_ADMIN', 'ok']);
    const left = { role: 'ADMIN' as const, disabledAt: null };
    expect(await users.database.user.count({ where: left })).toBe(1);
    await users.database.user.updateMany({ where: { role: 'ADMIN' }, data: { disabledAt: null } });
  });

  it('give an e-mail to one user, whatever its case', async () => {
    const name = randomUUID();
    const email = (index: number): string => `${index % 2 === 0 ? name : name.toUpperCase()}@example.org`;
    const codes = await atOnce((index) => codeOf(CREATE, { email: email(index), name: 'A', password: PASSWORD }));
    expect(codes.sort()).toEqual([...others('EMAIL_TAKEN'), 'ok']);
    expect(await users.database.user.count({ where: { email: `${name}@example.org` } })).toBe(1);
  });

  it('give a name to one department, whatever its case', async () => {
    const name = `Race ${randomUUID()}`;
    const codes = await atOnce((index) =>
      codeOf(CREATE_DEPARTMENT, { name: index % 2 === 0 ? name : name.toUpperCase() }),
    );
    expect(codes.sort()).toEqual([...others('NAME_TAKEN'), 'ok']);
  });

  it('disable a user once, and tell of it once', async () => {
    const { actor, email } = await created();
    const codes = await atOnce(() => codeOf(DISABLE, { userId: actor.userId, disabled: true }));
    expect(new Set(codes)).toEqual(new Set(['ok']));
    expect(await published('user.access-changed', actor.userId)).toBe(1);
    expect(await codeOf(DISABLE, { userId: actor.userId, disabled: false })).toBe('ok');
    expect((await users.call(LOGIN, { variables: { email, password: PASSWORD } })).code).toBeUndefined();
  });

  it('make a user a member once, and tell of it once', async () => {
    const { actor } = await created();
    const department = { idempotencyKey: randomUUID(), name: `Members ${randomUUID()}` };
    const { createDepartment } = await users.ask<{ createDepartment: { id: string } }>(CREATE_DEPARTMENT, {
      as: admin,
      variables: { input: department },
    });
    const input = { departmentId: createDepartment.id, userId: actor.userId };
    expect(new Set(await atOnce(() => codeOf(ADD, input)))).toEqual(new Set(['ok']));
    expect(await published('membership.granted', actor.userId)).toBe(1);
    expect(await codeOf(ADD, { ...input, userId: randomUUID() })).toBe('USER_NOT_FOUND');
    expect(await codeOf(ADD, { ...input, departmentId: randomUUID() })).toBe('DEPARTMENT_NOT_FOUND');
  });

  it.each([
    ['another password is set', `password_hash = password_hash || 'x'`],
    ['the user is disabled', 'disabled_at = now()'],
  ])('open no session by a password that was right until %s', async (_case, change) => {
    const { actor, email } = await created();
    const [isHeld, mayGoOn] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const held = users.database.$transaction(
      async (tx) => {
        await tx.$queryRawUnsafe('SELECT id FROM users WHERE id = $1::uuid FOR UPDATE', actor.userId);
        isHeld.resolve(undefined);
        await mayGoOn.promise;
        await tx.$executeRawUnsafe(`UPDATE users SET ${change} WHERE id = $1::uuid`, actor.userId);
      },
      { timeout: 120_000 },
    );
    await isHeld.promise;
    const answer = users.call(LOGIN, { variables: { email, password: PASSWORD } });
    const isWaiting = async (): Promise<boolean> => {
      const [row] = await users.database.$queryRawUnsafe<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'`,
      );
      return (row?.count ?? 0) > 0;
    };
    await pollUntil(isWaiting, { what: 'the login to wait for the row', timeoutMs: 60_000 });
    mayGoOn.resolve(undefined);
    await held;
    expect((await answer).code).toBe('INVALID_CREDENTIALS');
    expect(await users.database.session.count({ where: { userId: actor.userId } })).toBe(0);
  });

  it('set one of the passwords that were asked for, and refuse the others', async () => {
    const { actor, email } = await created();
    const next = (index: number): string => `the next password, number ${String(index)}`;
    const codes = await Promise.all(
      [0, 1, 2].map((index) => codeOf(CHANGE_PASSWORD, { currentPassword: PASSWORD, newPassword: next(index) }, actor)),
    );
    expect([...codes].sort()).toEqual(['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS', 'ok']);
    const accepted = await Promise.all(
      [PASSWORD, next(0), next(1), next(2)].map(async (password) => {
        const { code } = await users.call(LOGIN, { variables: { email, password } });
        return code === undefined ? password : '';
      }),
    );
    expect(accepted.filter((password) => password !== '')).toEqual([next(codes.indexOf('ok'))]);
  });
});
