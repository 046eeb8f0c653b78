// nats-server on a disk of its own that is filled and freed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { patience, pollUntil } from '@infinibay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { anyFreePort } from './free-ports.ts';
import { hasRoom, natsLiveness, storesMessages } from './nats-liveness.ts';
import { NATS_USER_NAMES, stackNatsAccounts } from './nats-users.ts';
import { startNats } from './nats.ts';
import { SupervisedProcess } from './supervised-process.ts';
import { temporaryState, type TemporaryState } from './test-infrastructure.ts';

const HOST = '0196f5a0-0000-7000-8000-0000000000aa';
const PASSWORD = 'secret';
const STREAMS = { user: 'streams', password: PASSWORD } as const;

let state: TemporaryState;
let sut: SupervisedProcess | undefined;
let port: number;
let said: string[];
let restarted: string[];
const connections: NatsConnection[] = [];

beforeEach(async () => {
  state = temporaryState();
  mkdirSync(state.natsDir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', state.natsDir]);
  port = await anyFreePort();
  [said, restarted] = [[], []];
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close().catch(() => undefined);
  await sut?.stop();
  sut = undefined;
  execFileSync('umount', ['-l', state.natsDir]);
  state.remove();
});

const launch = async () => {
  const accounts = stackNatsAccounts(Object.fromEntries(NATS_USER_NAMES.map((name) => [name, PASSWORD])), HOST);
  const { natsDir: dataDir, runDir } = state;
  const logFile = path.join(state.logDir, 'nats.log');
  return (await startNats({ dataDir, runDir, logFile, accounts, port })).child;
};

const url = (): string => `nats://127.0.0.1:${String(port)}`;

const supervise = async (): Promise<SupervisedProcess> => {
  const say = (line: string): unknown => said.push(line);
  const watched = { url: url(), password: PASSWORD, storeDir: state.natsDir, say };
  const liveness = natsLiveness(watched, { everyMs: 1_000, silentForMs: 3_000 });
  const restarting = (name: string, reason: string): unknown => restarted.push(`${name}: ${reason}`);
  sut = new SupervisedProcess('nats', launch, { say, restarting }, liveness);
  await sut.start();
  return sut;
};

const connected = async (user: string): Promise<NatsConnection> => {
  const options = { servers: url(), user, pass: PASSWORD, inboxPrefix: `_INBOX.${user}`, maxReconnectAttempts: -1 };
  const connection = await connect(options);
  connections.push(connection);
  return connection;
};

const messagesIn = async (stream: string): Promise<number> => {
  const manager = await jetstreamManager(await connected('streams'), { checkAPI: false });
  return (await manager.streams.info(stream)).state.messages;
};

const ballast = (index: number): string => path.join(state.natsDir, `ballast-${String(index)}`);

/** @returns how many files it took */
const fill = (): number => {
  for (let index = 0; ; index += 1) {
    try {
      writeFileSync(ballast(index), Buffer.alloc(65_536));
    } catch {
      return index + 1;
    }
  }
};

const until = (what: string, probe: () => Promise<boolean> | boolean): Promise<true> =>
  pollUntil(async () => ((await probe()) ? true : undefined), { timeoutMs: patience(120_000), what });

describe('nats-server whose disk was full', () => {
  it('is started again when there is room and it stores nothing, not before, and has lost no event', async () => {
    const supervised = await supervise();
    const vms = await connected('vms');
    const stream = jetstream(vms, { timeout: 2_000 });
    const subject = 'infinibay.events.v1.global.vm.0196f5a0-0000-7000-8000-0000000000bb.created';
    const publish = (text: string): Promise<boolean> =>
      stream.publish(subject, text).then(
        () => true,
        () => false,
      );
    expect(await publish('before')).toBe(true);
    const first = supervised.pid;

    const files = fill();
    await until('the server to store nothing', async () => !(await publish('y'.repeat(20_000))));
    await until('the supervisor to tell of the disk', () => said.some((line) => line.includes('is full')));
    expect(await storesMessages(url(), STREAMS)).toBe(false);
    expect([await hasRoom(state.natsDir), supervised.pid, restarted]).toEqual([false, first, []]);

    for (let index = 0; index < files; index += 1) rmSync(ballast(index), { force: true });
    await until('the server to be started again', () => supervised.pid !== first && supervised.crashes > 0);
    await until('it to store again', () => publish('after'));
    expect([restarted, said.filter((line) => line.includes('has not answered'))]).toEqual([
      ['nats: silent'],
      [expect.stringContaining('nats has not answered for 3 s and is ended')],
    ]);
    expect(await messagesIn('EVENTS')).toBeGreaterThanOrEqual(2);
  }, 600_000);

  it('is left alone while it stores, and the watch leaves the stream of events as it was', async () => {
    const supervised = await supervise();
    const first = supervised.pid;
    const lastProbe = async (): Promise<string | undefined> => {
      const manager = await jetstreamManager(await connected('streams'), { checkAPI: false });
      const message = await manager.streams.getMessage('HEALTH', { last_by_subj: 'infinibay.health.v1.streams' });
      return message?.string();
    };
    await until('a first probe', async () => (await lastProbe()) !== undefined);
    const seen = await lastProbe();
    await until('another probe', async () => (await lastProbe()) !== seen);
    expect([await messagesIn('EVENTS'), await messagesIn('HEALTH'), supervised.pid]).toEqual([0, 1, first]);
  }, 600_000);
});
