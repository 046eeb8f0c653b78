import pg from 'pg';

import { DATABASE_NAME } from '../stack/database.ts';

type Row = Readonly<Record<string, string>>;

const orNull = (text: string): string | null => (text === '' ? null : text);

/** What the services say, read as the superuser. @throws Error while the database is away */
export const readRecords = async (port: number, superuserPassword: string) => {
  const client = new pg.Client({
    connectionString: `postgresql://postgres:${encodeURIComponent(superuserPassword)}@127.0.0.1:${String(port)}/${DATABASE_NAME}`,
    connectionTimeoutMillis: 3_000,
    query_timeout: 10_000,
  });
  // The server may be killed while we hold a connection; the query that follows says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const rows = async (sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;
    const vms = await rows(
      `SELECT id::text, state::text, coalesce(error_code, '') AS error, memory_mib::text AS memory FROM vms.vms
         WHERE state <> 'DELETED'`,
    );
    const volumes = await rows(
      `SELECT id::text, state::text, coalesce(attachment::text, '') AS attachment,
         coalesce(attached_vm_id::text, '') AS vm, capacity_bytes::text AS bytes
         FROM vms.volumes WHERE state <> 'DELETED'`,
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
      vms: new Map(vms.map(({ id = '', state = '', error = '' }) => [id, { state, error: orNull(error) }])),
      saidMib: new Map(vms.map(({ id = '', memory = '' }) => [id, Number(memory)])),
      volumes: new Map(
        volumes.map(({ id = '', state = '', attachment = '', vm = '', bytes = '' }) => [
          id,
          { state, attachment: orNull(attachment), vmId: orNull(vm), bytes: Number(bytes) },
        ]),
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
};
