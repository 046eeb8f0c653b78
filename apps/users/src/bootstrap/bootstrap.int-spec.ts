import { afterEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { ADMIN, UsersService } from '../users-service.fixture.js';

const DEMO = { email: 'demo@infinibay.local', password: 'demo of this start, long enough' } as const;
const LOGIN =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { accessToken } }';
const DISABLE = 'mutation ($input: SetUserDisabledInput!) { setUserDisabled(input: $input) { id } }';
const FIRST_STARTS = 10;
const TOGETHER_STARTS = 3;
const INSTANCES = 3;

/** Both variables, as `npm start` sets them. */
const BOTH = { BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password, DEMO_ADMIN_PASSWORD: DEMO.password };

let running: UsersService[] = [];
let databases: TestDatabase | undefined;

const freshDatabase = async (): Promise<TestDatabase> => (databases = await createTestDatabase('users'));

const start = async (on: TestDatabase, settings: Record<string, string>): Promise<UsersService> => {
  const service = await UsersService.startOn(on, settings);
  running.push(service);
  return service;
};

const end = async (): Promise<void> => {
  for (const service of running) await service.stop();
  await databases?.drop();
  running = [];
  databases = undefined;
};
afterEach(end);

const canLogIn = async (service: UsersService, { email, password }: { email: string; password: string }) =>
  (await service.call(LOGIN, { variables: { email, password } })).code === undefined;

const roles = async (service: UsersService) =>
  service.database.user.findMany({ select: { email: true, role: true }, orderBy: { email: 'asc' } });

const BOTH_ACCOUNTS = [
  { email: ADMIN.email, role: 'ADMIN' },
  { email: DEMO.email, role: 'ADMIN' },
];

describe('the first start with both passwords', () => {
  it(`lets the administrator and the demo log in, ${String(FIRST_STARTS)} of ${String(FIRST_STARTS)}`, async () => {
    let loggedIn = 0;
    for (let round = 0; round < FIRST_STARTS; round += 1) {
      const service = await start(await freshDatabase(), BOTH);
      expect(await roles(service)).toEqual(BOTH_ACCOUNTS);
      if ((await canLogIn(service, ADMIN)) && (await canLogIn(service, DEMO))) loggedIn += 1;
      await end();
    }
    expect(loggedIn).toBe(FIRST_STARTS);
  });

  it('makes each account once when several instances start together', async () => {
    for (let round = 0; round < TOGETHER_STARTS; round += 1) {
      const on = await freshDatabase();
      const services = await Promise.all(Array.from({ length: INSTANCES }, () => start(on, BOTH)));
      for (const service of services) {
        expect(await roles(service)).toEqual(BOTH_ACCOUNTS);
        expect(await canLogIn(service, ADMIN)).toBe(true);
        expect(await canLogIn(service, DEMO)).toBe(true);
      }
      await end();
    }
  });
});

describe('the first administrator', () => {
  it('is still made where only the demo was here before', async () => {
    const on = await freshDatabase();
    await start(on, { BOOTSTRAP_ADMIN_PASSWORD: '', DEMO_ADMIN_PASSWORD: DEMO.password });
    const service = await start(on, BOTH);
    expect(await canLogIn(service, ADMIN)).toBe(true);
  });

  it('keeps the password of the first start, also when that account was disabled since', async () => {
    const on = await freshDatabase();
    const first = await start(on, BOTH);
    const second = await start(on, { ...BOTH, BOOTSTRAP_ADMIN_PASSWORD: 'of another start, long enough' });
    expect(await canLogIn(second, ADMIN)).toBe(true);
    await first.database.user.updateMany({ where: { email: ADMIN.email }, data: { disabledAt: new Date() } });
    const third = await start(on, BOTH);
    expect(await canLogIn(third, ADMIN)).toBe(false);
    expect(await roles(third)).toEqual(BOTH_ACCOUNTS);
  });

  it('leaves the service running when a member has its e-mail already', async () => {
    const on = await freshDatabase();
    const before = await start(on, { BOOTSTRAP_ADMIN_PASSWORD: '' });
    await before.database.user.create({ data: { email: ADMIN.email, name: 'M', role: 'USER', passwordHash: 'x' } });
    const service = await start(on, BOTH);
    expect(await roles(service)).toEqual([
      { email: ADMIN.email, role: 'USER' },
      { email: DEMO.email, role: 'ADMIN' },
    ]);
    expect(await canLogIn(service, DEMO)).toBe(true);
  });

  it('cannot be disabled as the last one, for nobody knows the password of the demo', async () => {
    const service = await start(await freshDatabase(), BOTH);
    const admin = await service.adminActor();
    const input = { idempotencyKey: crypto.randomUUID(), userId: admin.userId, disabled: true };
    expect((await service.call(DISABLE, { as: admin, variables: { input } })).code).toBe('LAST_ADMIN');
  });

  it.each([DEMO.email, DEMO.email.toUpperCase()])('may not be the demo account (%s)', async (email) => {
    await expect(start(await freshDatabase(), { ...BOTH, BOOTSTRAP_ADMIN_EMAIL: email })).rejects.toThrow(
      /BOOTSTRAP_ADMIN_EMAIL/,
    );
  });
});

describe('the demo account', () => {
  it('comes without an administrator of its own accord and takes the password of each start', async () => {
    const on = await freshDatabase();
    const first = await start(on, { BOOTSTRAP_ADMIN_PASSWORD: '', DEMO_ADMIN_PASSWORD: DEMO.password });
    expect(await canLogIn(first, DEMO)).toBe(true);
    const second = await start(on, { BOOTSTRAP_ADMIN_PASSWORD: '', DEMO_ADMIN_PASSWORD: 'of the second start, long' });
    expect(await canLogIn(second, DEMO)).toBe(false);
    expect(await canLogIn(second, { ...DEMO, password: 'of the second start, long' })).toBe(true);
  });
});
