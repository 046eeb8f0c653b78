import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../users-service.fixture.js';

const LIMIT = 100;
const CREATE = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }';
const ADD = 'mutation ($input: AddDepartmentMemberInput!) { addDepartmentMember(input: $input) { id } }';
const REMOVE = 'mutation ($input: RemoveDepartmentMemberInput!) { removeDepartmentMember(input: $input) { id } }';

describe('a user of many departments', () => {
  let users: UsersService;
  let admin: Actor;
  beforeAll(async () => {
    users = await UsersService.start({ DEPARTMENTS_PER_USER: String(LIMIT) });
    admin = await users.adminActor();
  });
  afterAll(() => users.stopAndDrop());

  const call = (query: string, input: object) =>
    users.call(query, { as: admin, variables: { input: { idempotencyKey: randomUUID(), ...input } } });

  it('is in as many as one may be, and is told when that is reached', async () => {
    const departmentIds = Array.from({ length: LIMIT + 1 }, () => randomUUID());
    const data = departmentIds.map((id) => ({ id, name: id, nameKey: id }));
    await users.database.department.createMany({ data });
    const [one, ...others] = departmentIds;
    const created = await call(CREATE, {
      email: `${randomUUID()}@example.org`,
      name: 'Somebody',
      password: 'a password that is long',
      departmentIds: others,
    });
    const userId = (created.data?.['createUser'] as { id: string }).id;
    const refused = await call(ADD, { departmentId: one, userId });
    expect(refused.errors[0]?.extensions).toMatchObject({
      code: 'DEPARTMENT_LIMIT_REACHED',
      kind: 'precondition',
      details: { userId, maximum: LIMIT },
    });
    expect(await users.database.membership.count({ where: { userId } })).toBe(LIMIT);
    // A member stays one, and there is room again when another department is left.
    expect((await call(ADD, { departmentId: others[0], userId })).code).toBeUndefined();
    expect((await call(REMOVE, { departmentId: others[0], userId })).code).toBeUndefined();
    expect((await call(ADD, { departmentId: one, userId })).code).toBeUndefined();
  });
});
