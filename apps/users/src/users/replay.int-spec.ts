import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { hostileProblems, keyedMutations, replayProblems, type ReplayRow } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../users-service.fixture.js';

const PASSWORD = 'a password that is long';
const USER = '{ id email name role disabled createdAt }';
const DEPARTMENT = '{ id name createdAt }';

describe('mutations of users, repeated', () => {
  let users: UsersService;
  let admin: Actor;
  /** Who asks; changeMyPassword is for users themselves. */
  let actor: Actor;

  beforeAll(async () => {
    users = await UsersService.start();
    admin = await users.adminActor();
  });
  afterAll(() => users.stopAndDrop());

  const email = () => `${randomUUID()}@example.org`;
  const createdUser = async (): Promise<string> => {
    const input = { idempotencyKey: randomUUID(), email: email(), name: 'Somebody', password: PASSWORD };
    const answer = await users.ask<{ createUser: { id: string } }>(
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }',
      { as: admin, variables: { input } },
    );
    return answer.createUser.id;
  };
  const createdDepartment = async (): Promise<string> =>
    (await users.database.department.create({ data: { name: 'D', nameKey: randomUUID() } })).id;
  const membership = async () => ({ userId: await createdUser(), departmentId: await createdDepartment() });
  const { all, none } = {
    all: () => users.database.$executeRawUnsafe(`DELETE FROM departments`),
    none: () => Promise.resolve(),
  };
  const usersGone = () => users.database.$executeRawUnsafe(`DELETE FROM users WHERE email LIKE '%@example.org'`);
  const rows: Readonly<Record<string, ReplayRow>> = {
    createDepartment: {
      select: DEPARTMENT,
      input: () => ({ name: `Café ${randomUUID()}` }),
      gone: all,
      other: { name: 'other' },
      taken: 'NAME_TAKEN',
      lost: ['DEPARTMENT_NOT_FOUND'],
    },
    addDepartmentMember: {
      select: DEPARTMENT,
      input: membership,
      gone: all,
      other: { userId: randomUUID() },
      lost: ['DEPARTMENT_NOT_FOUND'],
    },
    removeDepartmentMember: {
      select: DEPARTMENT,
      input: membership,
      gone: all,
      other: { userId: randomUUID() },
      lost: ['DEPARTMENT_NOT_FOUND'],
    },
    createUser: {
      select: USER,
      input: () => ({ email: email(), name: 'Somebody', password: PASSWORD }),
      gone: usersGone,
      other: { name: 'Other' },
      lost: ['USER_NOT_FOUND'],
    },
    setUserDisabled: {
      select: USER,
      input: async () => ({ userId: await createdUser(), disabled: true }),
      gone: usersGone,
      other: { disabled: false },
      lost: ['USER_NOT_FOUND'],
    },
    changeMyPassword: {
      select: USER,
      input: async () => {
        actor = { userId: await createdUser(), sessionId: randomUUID(), role: 'USER', departmentIds: [] };
        return { currentPassword: PASSWORD, newPassword: `${PASSWORD} too` };
      },
      gone: none,
      other: { newPassword: 'yet another password' },
      lost: [],
    },
  };
  const bench = {
    ask: async (query: string, variables: Record<string, unknown>, as: string) => {
      const rights = { role: 'USER', departmentIds: [] } as const;
      const { data, errors } = await users.call(query, {
        as: as === 'actor' ? actor : { ...actor, ...rights, departmentIds: [] },
        variables,
      });
      return { data, codes: errors.map(({ extensions }) => extensions.code) };
    },
    away: () => undefined,
    back: () => undefined,
  };

  const sdl = async (): Promise<string> =>
    (await users.ask<{ _service: { sdl: string } }>('{ _service { sdl } }', { as: admin }))._service.sdl;

  it('get the first answer, whatever is gone since: every mutation of the schema', async () => {
    const begins = (): void => {
      actor = admin;
    };
    expect(await replayProblems(bench, await sdl(), rows, begins)).toEqual([]);
  });

  it('have each left their entry in the audit', async () => {
    const entries = await users.database.auditEntry.findMany({ where: { result: 'ok' }, distinct: ['verb'] });
    const names = keyedMutations(await sdl()).map(({ name }) => name);
    expect(entries.map(({ verb }) => verb)).toEqual(expect.arrayContaining(names));
  });

  it('or anything asked with hostile arguments are never answered INTERNAL', async () => {
    const ids = { User: admin.userId, Department: await createdDepartment() };
    const answer = async (query: string, variables: Record<string, unknown>) =>
      (await users.call(query, { as: admin, variables })).errors.map(({ extensions }) => extensions.code);
    expect(await hostileProblems(await sdl(), ids, answer)).toEqual([]);
  }, 120_000);

  it('are still understood of keys of older versions, which hold a bare id', async () => {
    const [key, id] = [randomUUID(), await createdDepartment()];
    const create = 'mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id } }';
    const call = { as: admin, variables: { input: { idempotencyKey: key, name: `D ${randomUUID()}` } } };
    await users.ask(create, call);
    await users.database.idempotencyKey.updateMany({ where: { key }, data: { result: id } });
    expect(await users.ask(create, call)).toEqual({ createDepartment: { id } });
  });
});
