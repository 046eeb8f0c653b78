import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';

import type { RunningSystem } from '../e2e/running-system.ts';
import { DATABASE_NAME } from '../stack/database.ts';
import type { DomainPower, Snapshot } from './snapshot.ts';

const DOMAIN = /^vm-([0-9a-f-]{36})$/;
const DISK = /^vm-([0-9a-f-]{36})\.qcow2$/;
const SNAPSHOT = /^infinibay-([0-9a-f-]{36})$/;
const FILTER = /^infinibay-vm-([0-9a-f-]{36})$/;
/** Chains that nwfilter makes for a tap, in iptables and in ebtables. */
const CHAIN_OF_TAP = /\b(?:F[IO]|libvirt-[IO])-(vnet\d+)\b/g;

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const captured = (pattern: RegExp, names: readonly string[]): string[] =>
  names.flatMap((name) => pattern.exec(name)?.[1] ?? []);

type Row = Readonly<Record<string, string>>;

/** Reads what there is: from the database as its superuser, from libvirt, the kernel and the folders. */
export class Look {
  private readonly system: RunningSystem;
  private readonly superuserPassword: string;

  constructor(system: RunningSystem, superuserPassword: string) {
    this.system = system;
    this.superuserPassword = superuserPassword;
  }

  /** @throws Error while the database or libvirt is away */
  async take(): Promise<Snapshot> {
    const [records, libvirt] = await Promise.all([this.records(), this.libvirt()]);
    return { ...records, ...libvirt, ...this.files(), filteredTaps: await this.filteredTaps() };
  }

  private async records() {
    const port = String(this.system.state.ports['postgres']);
    const client = new pg.Client({
      connectionString: `postgresql://postgres:${encodeURIComponent(this.superuserPassword)}@127.0.0.1:${port}/${DATABASE_NAME}`,
      connectionTimeoutMillis: 3_000,
      query_timeout: 10_000,
    });
    // The server may be killed while we hold a connection; the query that follows says so.
    client.on('error', () => undefined);
    await client.connect();
    try {
      const rows = async (sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
      const vms = await rows(
        `SELECT id::text, state::text, coalesce(error_code, '') AS error FROM vms.vms WHERE state <> 'DELETED'`,
      );
      const open = await rows(
        `SELECT resource_id::text AS id FROM vms.operations WHERE status IN ('PENDING', 'RUNNING')`,
      );
      const ports = await rows(`SELECT vm_id::text AS id, host(address) AS address FROM networks.ports`);
      const protections = await rows(`SELECT vm_id::text AS id, status::text FROM firewall.vm_filters`);
      const snapshots = await rows(`SELECT vm_id::text || '/' || id::text AS id, state::text FROM vms.vm_snapshots`);
      const outboxes = await rows(
        `SELECT table_schema AS name FROM information_schema.tables WHERE table_name = 'outbox'`,
      );
      const unpublished = new Map<string, number>();
      for (const { name = '' } of outboxes) {
        const [row] = await rows(`SELECT count(*)::text AS n FROM ${name}.outbox WHERE published_at IS NULL`);
        unpublished.set(name, Number(row?.['n']));
      }
      const twice = await rows(
        `SELECT subject FROM vms.outbox WHERE subject ~ '[.]vm[.][^.]+[.](created|deleted)$' GROUP BY subject HAVING count(*) > 1`,
      );
      return {
        vms: new Map(
          vms.map(({ id = '', state = '', error = '' }) => [id, { state, error: error === '' ? null : error }]),
        ),
        openOperations: open.map(({ id = '' }) => id),
        ports: ports.map(({ id = '' }) => id),
        addresses: ports.map(({ address = '' }) => address),
        protections: new Map(protections.map(({ id = '', status = '' }) => [id, status])),
        readySnapshots: snapshots.filter(({ state }) => state === 'READY').map(({ id = '' }) => id),
        unreadySnapshots: snapshots.filter(({ state }) => state !== 'READY').map(({ id = '' }) => id),
        unpublished,
        toldTwice: twice.map(({ subject = '' }) => subject),
      };
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async libvirt() {
    const names = async (...flags: string[]): Promise<string[]> =>
      lines(await this.system.virsh('list', '--name', ...flags)).filter((name) => name.startsWith('vm-'));
    const all = await names('--all');
    const [running, paused] = [await names('--state-running'), await names('--state-paused')];
    const power = (name: string): DomainPower =>
      paused.includes(name) ? 'paused' : running.includes(name) ? 'running' : 'off';
    const domains = new Map(all.flatMap((name) => captured(DOMAIN, [name]).map((id) => [id, power(name)] as const)));
    const taps = new Map<string, string[]>();
    for (const name of [...running, ...paused]) {
      const cards = lines(await this.system.virsh('domiflist', name)).flatMap(
        (line) => /^vnet\d+/.exec(line)?.[0] ?? [],
      );
      for (const id of captured(DOMAIN, [name])) taps.set(id, cards);
    }
    const recordedSnapshots: string[] = [];
    for (const name of all)
      for (const vmId of captured(DOMAIN, [name])) {
        const listed = lines(await this.system.virsh('snapshot-list', '--name', name));
        recordedSnapshots.push(...captured(SNAPSHOT, listed).map((id) => `${vmId}/${id}`));
      }
    const filters = lines(await this.system.virsh('nwfilter-list')).map((line) => line.split(/\s+/).at(-1) ?? '');
    return {
      domains,
      strangeDomains: all.filter((name) => !DOMAIN.test(name)),
      taps,
      recordedSnapshots,
      filters: captured(FILTER, filters),
    };
  }

  /** The chains themselves, whichever program shows them. */
  private async filteredTaps(): Promise<string[]> {
    const rules = await this.system.inNetwork('iptables-save');
    return [...new Set([...rules.matchAll(CHAIN_OF_TAP)].map((match) => match[1] ?? ''))];
  }

  private files() {
    const { diskDir, agentSocketDir } = this.system.layout;
    const names = readdirSync(diskDir);
    const folders = existsSync(agentSocketDir) ? readdirSync(agentSocketDir) : [];
    return {
      disks: captured(DISK, names),
      heldSnapshots: names.flatMap((name) =>
        captured(DISK, [name]).flatMap((id) => heldIn(path.join(diskDir, name), id)),
      ),
      strangeFiles: names.filter((name) => name.startsWith('vm-') && !DISK.test(name)),
      sockets: folders.filter((name) => /^[0-9a-f-]{36}$/.test(name)),
    };
  }
}

/** What QEMU's own tool finds in a disk; -U: a guest may have it. */
const heldIn = (file: string, vmId: string): string[] => {
  const text = execFileSync('qemu-img', ['info', '-U', '--output=json', file], { encoding: 'utf8' });
  const { snapshots = [] } = JSON.parse(text) as { snapshots?: { name: string }[] };
  const names = snapshots.map(({ name }) => name);
  return captured(SNAPSHOT, names).map((id) => `${vmId}/${id}`);
};
