import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Retention } from '@infinibay/platform-subgraph';
import { ADMIN, UsersService } from '../users-service.fixture.js';
import { SESSION_ROWS } from './session.rows.js';

const LOGIN =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { refreshToken } }';
const REFRESH = 'mutation ($token: String!) { refreshSession(refreshToken: $token) { refreshToken } }';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('what sessions leave behind', () => {
  let users: UsersService;
  beforeAll(async () => {
    users = await UsersService.start();
  });
  afterAll(() => users.stopAndDrop());

  const openSession = async (): Promise<{ id: string; token: string }> => {
    const known = (await users.database.session.findMany({ select: { id: true } })).map(({ id }) => id);
    const { login } = await users.ask<{ login: { refreshToken: string } }>(LOGIN, { variables: ADMIN });
    const { id } = await users.database.session.findFirstOrThrow({ where: { id: { notIn: known } } });
    return { id, token: login.refreshToken };
  };
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
  /** One round over all tables, as an instance does it. */
  const prune = async (): Promise<void> => {
    const retention = new Retention(users.database, SESSION_ROWS, logger, new MetricsRegistry('test'));
    do await retention.take();
    while ((await retention.nextDueInMs()) <= 0);
  };

  it('removes sessions a month after their end, with their tokens, and keeps all others', async () => {
    const [open, ended, longEnded, longExpired] = [
      await openSession(),
      await openSession(),
      await openSession(),
      await openSession(),
    ];
    const change = (id: string, data: { endedAt?: Date; expiresAt?: Date }) =>
      users.database.session.update({ where: { id }, data });
    await change(ended.id, { endedAt: ago(29 * DAY) });
    await change(longEnded.id, { endedAt: ago(31 * DAY) });
    await change(longExpired.id, { expiresAt: ago(31 * DAY) });
    await Promise.all([prune(), prune(), prune()]);
    const left = await users.database.session.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
    expect(left.map(({ id }) => id)).toEqual([open.id, ended.id]);
    const codeOf = async (token: string) => (await users.call(REFRESH, { variables: { token } })).code;
    expect(await codeOf(ended.token)).toBe('SESSION_ENDED');
    expect(await codeOf(longEnded.token)).toBe('TOKEN_INVALID');
    expect(await codeOf(open.token)).toBeUndefined();
  });

  it('removes windows of the throttle that are over, and no others', async () => {
    const [over, running] = [`pair:${randomUUID()}`, `pair:${randomUUID()}`];
    await users.database.loginThrottle.createMany({
      data: [
        { key: over, attempts: 9, windowEndsAt: ago(HOUR) },
        { key: running, attempts: 9, windowEndsAt: ago(-HOUR) },
      ],
    });
    await prune();
    const left = await users.database.loginThrottle.findMany({ where: { key: { in: [over, running] } } });
    expect(left.map(({ key }) => key)).toEqual([running]);
  });
});
