// A fleet of VMs as rows alone: copies of one that was really made, on hosts that are away, so that nothing works on them.
import { getLatestSamples } from '@infinibay/contracts';
import type pg from 'pg';

/** Whose VMs they are. */
export interface Tenant {
  readonly departmentId: string;
  readonly ownerId: string;
  readonly networkId: string;
}

const HOSTS = 20;
/** Other columns than these are as the template has them, whatever columns there are. */
const ROWS = `
  WITH given AS (SELECT $1::uuid AS template, $2::uuid[] AS hosts, $3::uuid AS department, $4::uuid AS owner, $5::uuid AS network)
  INSERT INTO vms.vms SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', gen_random_uuid(), 'name', 'fleet-' || $6::text || '-' || n, 'active_name', 'fleet-' || $6::text || '-' || n,
    'department_id', given.department, 'owner_id', given.owner, 'network_id', given.network,
    'host_id', given.hosts[1 + n % cardinality(given.hosts)],
    'state', 'RUNNING', 'desired', 'RUNNING', 'reconcile_at', NULL, 'lease_owner', NULL, 'lease_until', NULL,
    'guest_ready_at', now(), 'created_at', now() - make_interval(secs => n)))).*
  FROM given JOIN vms.vms AS t ON t.id = given.template CROSS JOIN generate_series(1, $7::int) AS n`;

const HOST_ROWS = `
  INSERT INTO vms.hosts SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', gen_random_uuid(), 'hostname', 'away-' || n, 'last_seen_at', now() - interval '1 day'))).*
  FROM vms.hosts AS t CROSS JOIN generate_series(1, $1::int) AS n
  WHERE t.id = (SELECT host_id FROM vms.vms WHERE id = $2::uuid) RETURNING id`;

const COMPANIONS = [
  `INSERT INTO vms.vm_metadata SELECT (jsonb_populate_record(m, jsonb_build_object('vm_id', v.id))).*
   FROM vms.vms AS v JOIN vms.vm_metadata AS m ON m.vm_id = $1::uuid WHERE v.host_id = ANY($2::uuid[])`,
  `INSERT INTO networks.ports SELECT (jsonb_populate_record(p, jsonb_build_object(
     'id', gen_random_uuid(), 'vm_id', v.id, 'department_id', v.department_id, 'network_id', v.network_id,
     'host_id', v.host_id, 'hostname', v.name,
     'mac', 'fe:00:' || regexp_replace(lpad(to_hex(v.n), 8, '0'), '(..)(..)(..)(..)', '\\1:\\2:\\3:\\4'),
     'address', host('10.0.0.0'::inet + v.n)))).*
   FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM vms.vms WHERE host_id = ANY($2::uuid[])) AS v
   JOIN networks.ports AS p ON p.vm_id = $1::uuid`,
] as const;

const SAMPLES = `
  INSERT INTO metrics.guest_samples (vm_id, department_id, sampled_at, uptime_seconds, cpu_percent, memory_total_kib, memory_used_kib, payload)
  SELECT id, department_id, now() - make_interval(secs => 60 * age), 1, 1, 1, 1, $2::jsonb
  FROM vms.vms CROSS JOIN generate_series(0, 4) AS age WHERE host_id = ANY($1::uuid[])`;

/**
 * Adds so many VMs for each tenant, each with a port and samples of its guest.
 * @param client may write to all schemas
 * @param templateId a VM that runs
 */
export async function insertFleet(
  client: pg.Client,
  templateId: string,
  tenants: readonly Tenant[],
  each: number,
): Promise<void> {
  const hosts = (await client.query<{ id: string }>(HOST_ROWS, [HOSTS, templateId])).rows.map(({ id }) => id);
  for (const [index, { departmentId, ownerId, networkId }] of tenants.entries())
    await client.query(ROWS, [templateId, hosts, departmentId, ownerId, networkId, index, each]);
  for (const statement of COMPANIONS) await client.query(statement, [templateId, hosts]);
  const metrics = getLatestSamples.example.reply.samples[0]?.metrics;
  await client.query(SAMPLES, [hosts, JSON.stringify(metrics)]);
  await client.query('ANALYZE');
}
