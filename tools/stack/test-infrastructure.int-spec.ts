import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';

import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { connect } from '@nats-io/transport-node';
import pg from 'pg';

import { ensureDatabase, serviceDatabaseUrl } from './database.ts';
import { missingForLibvirtd } from './libvirtd.ts';
import {
  startTestLibvirtd,
  startTestNats,
  startTestPostgres,
  temporaryState,
  type TemporaryState,
} from './test-infrastructure.ts';

let state: TemporaryState;
beforeEach(() => {
  state = temporaryState();
});
afterEach(() => {
  state.remove();
});

describe('PostgreSQL of our own', () => {
  it('keeps each service out of the schemas of the others', async () => {
    const postgres = await startTestPostgres(state);
    const roles = [
      { name: 'users', password: 'pass/word?' },
      { name: 'vms', password: 'other' },
    ];
    try {
      expect(await ensureDatabase(postgres.adminUrl, roles)).toBe(true);
      expect(await ensureDatabase(postgres.adminUrl, roles)).toBe(false);
      const [users, vms] = roles.map(
        (role) => new pg.Client({ connectionString: serviceDatabaseUrl(postgres.port, role) }),
      );
      if (users === undefined || vms === undefined) throw new Error('two roles make two clients');
      await users.connect();
      await vms.connect();
      try {
        await users.query('CREATE TABLE secret (id int)');
        const where = await users.query<{ schema: string }>(
          'SELECT schemaname AS schema FROM pg_tables WHERE tablename = $1',
          ['secret'],
        );
        expect(where.rows).toEqual([{ schema: 'users' }]);
        await expect(vms.query('SELECT * FROM users.secret')).rejects.toMatchObject({ code: '42501' });
        await expect(vms.query('CREATE TABLE public.leak (id int)')).rejects.toMatchObject({ code: '42501' });
      } finally {
        await users.end();
        await vms.end();
      }
    } finally {
      await postgres.stop();
    }
  });

  it('keeps what was committed over a crash and a new start', async () => {
    const first = await startTestPostgres(state);
    const write = new pg.Client({ connectionString: first.adminUrl() });
    await write.connect();
    await write.query('CREATE TABLE kept AS SELECT 7 AS n');
    await write.end();
    await first.stop('immediate');
    const second = await startTestPostgres(state);
    const read = new pg.Client({ connectionString: second.adminUrl() });
    await read.connect();
    expect((await read.query('SELECT n FROM kept')).rows).toEqual([{ n: 7 }]);
    await read.end();
    expect(second.created).toBe(false);
    await second.stop();
  });
});

describe('NATS of our own', () => {
  it('refuses anonymous connections and subjects outside the allow-list', async () => {
    const limited = {
      user: 'limited',
      password: 'pw',
      permissions: { publish: ['infinibay.a.>'], subscribe: ['_INBOX.>'] },
    };
    const nats = await startTestNats(state, [limited]);
    try {
      await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization/iu);
      const connection = await connect({ servers: nats.url, user: 'limited', pass: 'pw', reconnect: false });
      const refusals: string[] = [];
      const watch = (async () => {
        for await (const status of connection.status())
          if (status.type === 'error') refusals.push(status.error.message);
      })();
      connection.publish('infinibay.b.fact');
      connection.publish('infinibay.a.fact');
      await connection.flush();
      await connection.close();
      await watch;
      expect(refusals).toEqual([expect.stringMatching(/permissions violation.*infinibay\.b\.fact/iu)]);
    } finally {
      await nats.stop();
    }
  });
});

const describeWithLibvirt = missingForLibvirtd().length === 0 ? describe : describe.skip;

/** What the machine's own network looks like to its owner. */
function machineNetwork(): string {
  return ['ip -o link', 'ip route', 'iptables-save', 'ebtables-save']
    .map((command) => execFileSync('sh', ['-c', `${command} | grep -v '^[#:]'; true`], { encoding: 'utf8' }))
    .join('\n');
}

describeWithLibvirt('libvirtd of our own', () => {
  it("leaves the machine's links, routes and rules as they were while its networks and filters exist", async () => {
    const before = machineNetwork();
    const libvirtd = await startTestLibvirtd(state);
    try {
      const xml =
        "<network><name>lab</name><forward mode='nat'/><bridge name='ibtest0'/><ip address='10.231.7.1' netmask='255.255.255.0'><dhcp><range start='10.231.7.2' end='10.231.7.9'/></dhcp></ip></network>";
      const file = path.join(state.runDir, 'network.xml');
      writeFileSync(file, xml);
      expect(await libvirtd.virsh('net-create', file)).toMatchObject({ code: 0 });
      expect((await libvirtd.inNetwork('ip', '-o', 'addr', 'show', 'ibtest0')).stdout).toContain('10.231.7.1');
      expect((await libvirtd.inNetwork('iptables-save')).stdout).toContain('10.231.7.0/24');
      expect(machineNetwork()).toBe(before);
    } finally {
      await libvirtd.stop();
    }
    expect(machineNetwork()).toBe(before);
    expect(existsSync(`/run/netns/${state.networkNamespace}`)).toBe(false);
  });

  it('is started again when it is killed', async () => {
    const libvirtd = await startTestLibvirtd(state);
    try {
      const pidFile = `${state.libvirtDir}/run/libvirtd.pid`;
      const first = execFileSync('cat', [pidFile], { encoding: 'utf8' }).trim();
      process.kill(Number(first), 'SIGKILL');
      const now = (): string => execFileSync('cat', [pidFile], { encoding: 'utf8' }).trim();
      await pollUntil(async () => (await libvirtd.virsh('version')).code === 0 && now() !== first, {
        timeoutMs: 20_000,
        what: 'the next libvirtd',
      });
    } finally {
      await libvirtd.stop({ guestTimeoutMs: 0 });
    }
  });
});
