import { randomUUID } from 'node:crypto';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  findDepartments,
  findMembers,
  getSigningKeys,
  requestSubject,
  resolveSession,
  type Actor,
  type RequestContract,
} from '@infinibay/contracts';
import { pollUntil, testNats } from '@infinibay/testing';
import { decodeJwt } from 'jose';
import { ADMIN, UsersService } from './users-service.fixture.js';

const CREATE_USER =
  'mutation ($input: CreateUserInput!) { createUser(input: $input) { id email name role disabled departments { id } } }';
const CREATE_DEPARTMENT = 'mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id name } }';
const ADD = 'mutation ($input: AddDepartmentMemberInput!) { addDepartmentMember(input: $input) { id } }';
const REMOVE = 'mutation ($input: RemoveDepartmentMemberInput!) { removeDepartmentMember(input: $input) { id } }';
const DISABLE = 'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { id disabled } }';
const CHANGE_PASSWORD = 'mutation ($input: ChangeMyPasswordInput!) { changeMyPassword(input: $input) { id } }';
const LOGIN =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken refreshToken } }';
const PASSWORD = 'a password that is long';

let users: UsersService;
let nats: NatsConnection;
let admin: Actor;
beforeAll(async () => {
  users = await UsersService.start();
  admin = await users.adminActor();
  const { url, user, password } = testNats();
  nats = await connect({ servers: url, user, pass: password });
});
afterAll(async () => {
  await nats.close();
  await users.stopAndDrop();
});

const key = (): string => randomUUID();
const createDepartment = async (name: string): Promise<string> =>
  (
    await users.ask<{ createDepartment: { id: string } }>(CREATE_DEPARTMENT, {
      as: admin,
      variables: { input: { idempotencyKey: key(), name } },
    })
  ).createDepartment.id;
const createUser = async (departmentIds: string[] = []): Promise<{ id: string; email: string; actor: Actor }> => {
  const email = `${randomUUID()}@example.org`;
  const input = { idempotencyKey: key(), email, name: 'Somebody', password: PASSWORD, departmentIds };
  const { createUser: created } = await users.ask<{ createUser: { id: string } }>(CREATE_USER, {
    as: admin,
    variables: { input },
  });
  return { id: created.id, email, actor: { userId: created.id, sessionId: randomUUID(), role: 'USER', departmentIds } };
};
const eventsAbout = async (id: string): Promise<string[]> => {
  const rows = await users.database.$queryRawUnsafe<{ name: string }[]>(
    `SELECT payload->>'name' AS name FROM outbox WHERE payload::text LIKE $1 ORDER BY id`,
    `%${id}%`,
  );
  return rows.map((row) => row.name);
};
const request = async (contract: RequestContract, data: unknown): Promise<unknown> => {
  const envelope = {
    id: randomUUID(),
    name: contract.name,
    version: contract.version,
    correlationId: 'spec',
    deadline: Date.now() + 5_000,
    actor: { kind: 'service', id: 'gateway' },
    data,
  };
  const reply = (await nats.request(requestSubject(contract), JSON.stringify(envelope), { timeout: 5_000 })).json<{
    ok: boolean;
    data: unknown;
  }>();
  expect(reply.ok).toBe(true);
  return reply.data;
};

describe('createUser', () => {
  it('makes a user with memberships, events and an audit entry', async () => {
    const departmentId = await createDepartment(`With members ${randomUUID()}`);
    const { id } = await createUser([departmentId]);
    expect(await eventsAbout(id)).toEqual(['user.created', 'membership.granted']);
    const entry = await users.database.auditEntry.findFirstOrThrow({ where: { resourceId: id } });
    expect(entry).toMatchObject({ actorId: admin.userId, verb: 'createUser', result: 'ok' });
    const published = async () => (await users.database.outboxEvent.count({ where: { publishedAt: null } })) === 0;
    await pollUntil(published, { what: 'the outbox to be empty' });
  });

  it('acts once for parallel calls with one key, and refuses the key for other input', async () => {
    const input = { idempotencyKey: key(), email: `${randomUUID()}@example.org`, name: 'Once', password: PASSWORD };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => users.call(CREATE_USER, { as: admin, variables: { input } })),
    );
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(answers[0]?.code).toBeUndefined();
    expect(await users.database.user.count({ where: { email: input.email } })).toBe(1);
    const other = await users.call(CREATE_USER, {
      as: admin,
      variables: { input: { ...input, password: 'another long password' } },
    });
    expect(other.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('leaves no password in the database, not even hashed without our key', async () => {
    const rows = await users.database.$queryRawUnsafe<{ text: string }[]>(
      'SELECT idempotency_keys::text AS text FROM idempotency_keys UNION ALL SELECT outbox::text FROM outbox UNION ALL SELECT audit_log::text FROM audit_log',
    );
    expect(JSON.stringify(rows)).not.toContain(PASSWORD);
  });

  it.each([
    ['a short password', { password: 'elevenchars' }, 'INVALID_INPUT'],
    ['a password of 257 characters', { password: 'x'.repeat(257) }, 'INVALID_INPUT'],
    ['text that is no e-mail', { email: 'nobody' }, 'INVALID_INPUT'],
    ['a name with a line break', { name: 'a\nb' }, 'INVALID_INPUT'],
    ['a key that is too short', { idempotencyKey: 'short' }, 'INVALID_INPUT'],
    ['an e-mail that is taken, in another case', { email: ADMIN.email.toUpperCase() }, 'EMAIL_TAKEN'],
    [
      'a department that is not there',
      { departmentIds: ['0196f5a0-0000-7000-8000-0000000000d1'] },
      'DEPARTMENT_NOT_FOUND',
    ],
  ])('refuses %s and leaves nothing behind', async (_name, change, code) => {
    const before = await users.database.user.count();
    const input = {
      idempotencyKey: key(),
      email: `${randomUUID()}@example.org`,
      name: 'Nobody',
      password: PASSWORD,
      ...change,
    };
    expect((await users.call(CREATE_USER, { as: admin, variables: { input } })).code).toBe(code);
    expect(await users.database.user.count()).toBe(before);
    expect(await users.database.idempotencyKey.count({ where: { key: input.idempotencyKey } })).toBe(0);
  });
});

describe('what a user without rights gets', () => {
  it('is not found for other people and other departments, and forbidden for what is for administrators', async () => {
    const [mine, other] = [
      await createDepartment(`Mine ${randomUUID()}`),
      await createDepartment(`Other ${randomUUID()}`),
    ];
    const [me, stranger] = [await createUser([mine]), await createUser([other])];
    const codeOf = async (query: string, input?: Record<string, unknown>) =>
      (
        await users.call(query, {
          as: me.actor,
          variables: input === undefined ? {} : { input: { idempotencyKey: key(), ...input } },
        })
      ).code;
    expect(await codeOf(`{ user(id: "${stranger.id}") { id } }`)).toBe('USER_NOT_FOUND');
    expect(await codeOf(`{ user(id: "${randomUUID()}") { id } }`)).toBe('USER_NOT_FOUND');
    expect(await codeOf(`{ department(id: "${other}") { id } }`)).toBe('DEPARTMENT_NOT_FOUND');
    expect(await codeOf('{ department(id: "x") { id } }')).toBe('DEPARTMENT_NOT_FOUND');
    expect(await codeOf('{ users { totalCount } }')).toBe('FORBIDDEN');
    expect(await codeOf(`{ department(id: "${mine}") { members { totalCount } } }`)).toBe('FORBIDDEN');
    expect(await codeOf(CREATE_DEPARTMENT, { name: 'Own' })).toBe('FORBIDDEN');
    expect(await codeOf(CREATE_USER, { email: 'a@example.org', name: 'A', password: PASSWORD })).toBe('FORBIDDEN');
    expect(await codeOf(ADD, { departmentId: other, userId: me.id })).toBe('DEPARTMENT_NOT_FOUND');
    expect(await codeOf(ADD, { departmentId: mine, userId: stranger.id })).toBe('FORBIDDEN');
    expect(await codeOf(DISABLE, { userId: stranger.id, disabled: true })).toBe('USER_NOT_FOUND');
    expect(await codeOf(DISABLE, { userId: me.id, disabled: true })).toBe('FORBIDDEN');
    expect(await users.database.auditEntry.count({ where: { actorId: me.id, result: 'FORBIDDEN' } })).toBe(4);
  });

  it('shows in lists only what is theirs, page by page', async () => {
    const ids = [
      await createDepartment(`A ${randomUUID()}`),
      await createDepartment(`B ${randomUUID()}`),
      await createDepartment(`C ${randomUUID()}`),
    ];
    const { actor } = await createUser(ids.slice(0, 2));
    const page =
      'query ($after: String) { departments(first: 1, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }';
    interface Page {
      departments: {
        totalCount: number;
        nodes: { id: string }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      };
    }
    const first = (await users.ask<Page>(page, { as: actor })).departments;
    expect(first).toMatchObject({ totalCount: 2, nodes: [{ id: ids[0] }], pageInfo: { hasNextPage: true } });
    const second = (await users.ask<Page>(page, { as: actor, variables: { after: first.pageInfo.endCursor } }))
      .departments;
    expect(second).toMatchObject({ nodes: [{ id: ids[1] }], pageInfo: { hasNextPage: false } });
    expect((await users.call(page, { as: actor, variables: { after: 'bm90IGEgY3Vyc29y' } })).code).toBe(
      'INVALID_INPUT',
    );
  });

  it('holds for references from other subgraphs as well', async () => {
    const [mine, other] = [await createDepartment(`R ${randomUUID()}`), await createDepartment(`S ${randomUUID()}`)];
    const { id, actor } = await createUser([mine]);
    const representations = [
      { __typename: 'Department', id: mine },
      { __typename: 'Department', id: other },
      { __typename: 'User', id },
      { __typename: 'User', id: admin.userId },
      { __typename: 'User', id: 'x' },
    ];
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Department { id name } ... on User { id email } } }';
    const { _entities: entities } = await users.ask<{ _entities: ({ id: string } | null)[] }>(query, {
      as: actor,
      variables: { r: representations },
    });
    expect(entities.map((entity) => entity?.id ?? null)).toEqual([mine, null, id, null, null]);
    expect((await users.call(query, { as: null, variables: { r: representations } })).code).toBe('UNAUTHENTICATED');
  });

  it('is nothing at all without the gateway', async () => {
    const answer = await users.call('{ _service { sdl } }', { headers: {} });
    expect(answer).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
});

describe('departments', () => {
  it('refuses a name that differs only in case', async () => {
    const name = `Research ${randomUUID()}`;
    await createDepartment(name);
    const answer = await users.call(CREATE_DEPARTMENT, {
      as: admin,
      variables: { input: { idempotencyKey: key(), name: name.toUpperCase() } },
    });
    expect(answer.code).toBe('NAME_TAKEN');
  });

  it.each([
    ['in how it is composed', 'Café', 'Cafe\u0301'],
    ['in compatibility forms', 'Ops', '\uFF2F\uFF50\uFF53'],
    ['in the kind of space', 'A B', 'A\u00A0B'],
  ])('refuses a name that differs only %s', async (_what, one, other) => {
    const suffix = ` ${randomUUID()}`;
    await createDepartment(one + suffix);
    const input = { idempotencyKey: key(), name: other + suffix };
    expect((await users.call(CREATE_DEPARTMENT, { as: admin, variables: { input } })).code).toBe('NAME_TAKEN');
  });

  it('has no name that cannot be seen', async () => {
    for (const name of ['a\u202Eb', 'a\u200Bb', '\u3164', 'a\u0000b', ' \u00A0 ']) {
      const input = { idempotencyKey: key(), name };
      expect((await users.call(CREATE_DEPARTMENT, { as: admin, variables: { input } })).code).toBe('INVALID_INPUT');
    }
  });

  it('gains and loses members, and tells of it only when something changed', async () => {
    const departmentId = await createDepartment(`Members ${randomUUID()}`);
    const { id: userId } = await createUser();
    const change = (query: string) =>
      users.ask(query, { as: admin, variables: { input: { idempotencyKey: key(), departmentId, userId } } });
    for (const query of [ADD, ADD, REMOVE, REMOVE]) await change(query);
    expect(await eventsAbout(userId)).toEqual([
      'user.created',
      'membership.granted',
      'user.access-changed',
      'membership.revoked',
      'user.access-changed',
    ]);
  });
});

describe('a session over NATS', () => {
  const login = async (email: string, password = PASSWORD) => {
    const { login: tokens } = await users.ask<{ login: { accessToken: string } }>(LOGIN, {
      variables: { email, password },
    });
    const { sub, sid } = decodeJwt(tokens.accessToken);
    return { userId: sub, sessionId: sid };
  };

  it('resolves to the user with role and departments until it ends', async () => {
    const departmentId = await createDepartment(`Session ${randomUUID()}`);
    const { id, email } = await createUser([departmentId]);
    const session = await login(email);
    expect(await request(resolveSession, session)).toEqual({
      actor: { ...session, role: 'USER', departmentIds: [departmentId] },
    });
    expect(await request(resolveSession, { ...session, userId: admin.userId })).toEqual({ actor: null });
    await users.ask(DISABLE, {
      as: admin,
      variables: { input: { idempotencyKey: key(), userId: id, disabled: true } },
    });
    expect(await request(resolveSession, session)).toEqual({ actor: null });
    expect((await users.call(LOGIN, { variables: { email, password: PASSWORD } })).code).toBe('INVALID_CREDENTIALS');
  });

  it('ends with a change of the password, except the one that changed it', async () => {
    const { id, email } = await createUser();
    const [mine, other] = [await login(email), await login(email)];
    const actor: Actor = { userId: id, sessionId: String(mine.sessionId), role: 'USER', departmentIds: [] };
    const input = { idempotencyKey: key(), currentPassword: PASSWORD, newPassword: 'quite another password' };
    const wrong = await users.call(CHANGE_PASSWORD, {
      as: actor,
      variables: { input: { ...input, currentPassword: 'wrong' } },
    });
    expect(wrong.code).toBe('INVALID_CREDENTIALS');
    await users.ask(CHANGE_PASSWORD, { as: actor, variables: { input } });
    await users.ask(CHANGE_PASSWORD, { as: actor, variables: { input } });
    // However many wrong passwords came since: a replay answers what the first call answered.
    for (let count = 0; count < 12; count += 1)
      await users.call(CHANGE_PASSWORD, {
        as: actor,
        variables: { input: { ...input, idempotencyKey: key(), currentPassword: 'wrong' } },
      });
    await users.ask(CHANGE_PASSWORD, { as: actor, variables: { input } });
    expect(await request(resolveSession, other)).toEqual({ actor: null });
    expect(await request(resolveSession, mine)).not.toEqual({ actor: null });
    await login(email, 'quite another password');
  });

  it('is checked with keys that are served, beside the departments that exist', async () => {
    expect(await request(getSigningKeys, {})).toMatchObject({ keys: [{ kty: 'OKP', crv: 'Ed25519' }] });
    const departmentId = await createDepartment('Found');
    expect(await request(findDepartments, { departmentIds: [departmentId, randomUUID()] })).toEqual({
      departments: [{ departmentId, name: 'Found' }],
    });
  });
});

describe('members', () => {
  it('are found for other services: those of the department alone, and none who is disabled', async () => {
    const departmentId = await createDepartment(`Members ${randomUUID()}`);
    const other = await createDepartment(`Others ${randomUUID()}`);
    const [member, stranger, disabled] = [
      await createUser([departmentId]),
      await createUser([other]),
      await createUser([departmentId]),
    ];
    await users.ask(DISABLE, {
      as: admin,
      variables: { input: { idempotencyKey: key(), userId: disabled.id, disabled: true } },
    });
    const userIds = [member.id, stranger.id, disabled.id, admin.userId, randomUUID()];
    expect(await request(findMembers, { departmentId, userIds })).toEqual({ userIds: [member.id] });
    expect(await request(findMembers, { departmentId: randomUUID(), userIds })).toEqual({ userIds: [] });
  });
});

describe('administrators', () => {
  it('cannot all be disabled', async () => {
    const disable = (userId: string) =>
      users.call(DISABLE, { as: admin, variables: { input: { idempotencyKey: key(), userId, disabled: true } } });
    expect((await disable(admin.userId)).code).toBe('LAST_ADMIN');
  });
});
