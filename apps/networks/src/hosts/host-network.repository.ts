import {
  bridgeName,
  dhcpHostnames,
  formatIpv4,
  gatewayOf,
  libvirtNetworkName,
  macOfBridge,
  parseNetworkCidr,
} from '@infinibay/networks-domain';
import type { NetworkSpec } from '@infinibay/contracts';
import { DueTable, nextAttempt } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database.js';
import type { Network, Port } from '../generated/prisma/client.js';
import { NETWORK_SETTINGS, type NetworkSettings } from '../network.settings.js';

/** A network on one host. */
export interface HostNetworkKey {
  readonly networkId: string;
  readonly hostId: string;
}

export interface WantedNetwork {
  readonly revision: number;
  readonly spec: NetworkSpec;
}

/** Whoever changed a row applies it at once; a worker comes this much later in case that it could not. */
const GRACE_SECONDS = 2;

@Injectable()
export class HostNetworkRepository {
  /** Rows that are behind, or to be checked again. */
  readonly due: DueTable<HostNetworkKey>;

  constructor(
    private readonly database: Database,
    @Inject(NETWORK_SETTINGS) private readonly settings: NetworkSettings,
  ) {
    this.due = new DueTable(database, {
      table: 'host_networks',
      key: { networkId: 'network_id' },
      dueAt: 'next_attempt_at',
    });
  }

  /** The host has to have the network, as it is at the end of the transaction. */
  async require(tx: Transaction, key: HostNetworkKey): Promise<void> {
    await tx.$executeRawUnsafe(
      `INSERT INTO host_networks (network_id, host_id, next_attempt_at)
       VALUES ($1::uuid, $2::uuid, now() + make_interval(secs => $3::int))
       ON CONFLICT (network_id, host_id) DO UPDATE
       SET desired_revision = host_networks.desired_revision + 1, next_attempt_at = excluded.next_attempt_at`,
      key.networkId,
      key.hostId,
      GRACE_SECONDS,
    );
  }

  /** Hosts that have the network must learn of a change; one that does not have it needs not. */
  async reissue(tx: Transaction, keys: readonly HostNetworkKey[]): Promise<void> {
    await tx.$executeRawUnsafe(
      `UPDATE host_networks h
       SET desired_revision = desired_revision + 1, next_attempt_at = now() + make_interval(secs => $3::int)
       FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS k (network_id, host_id)) k
       WHERE h.network_id = k.network_id AND h.host_id = k.host_id`,
      keys.map((key) => key.networkId),
      keys.map((key) => key.hostId),
      GRACE_SECONDS,
    );
  }

  /** The network goes: every host that has it must forget it. */
  async release(tx: Transaction, networkId: string): Promise<void> {
    await tx.$executeRawUnsafe(
      `INSERT INTO network_removals (network_id, host_id)
       SELECT network_id, host_id FROM host_networks WHERE network_id = $1::uuid`,
      networkId,
    );
  }

  /**
   * What the host has to have; null when the network is gone.
   * The revision is read before the ports: a change in between is then sent once more under its own revision.
   */
  async findWanted(key: HostNetworkKey): Promise<WantedNetwork | null> {
    const row = await this.database.hostNetwork.findUnique({
      where: { networkId_hostId: key },
      include: { network: true },
    });
    if (row === null) return null;
    const ports = await this.database.port.findMany({
      where: { networkId: key.networkId, hostId: key.hostId },
      orderBy: { id: 'asc' },
    });
    return { revision: row.desiredRevision, spec: specOf(row.network, ports) };
  }

  /** @returns false when the network was deleted meanwhile. */
  async recordApplied(key: HostNetworkKey, revision: number): Promise<boolean> {
    const updated = await this.database.$executeRawUnsafe(
      `UPDATE host_networks
       SET applied_revision = greatest(applied_revision, $3::int), applied_at = now(), error_code = NULL, attempts = 0,
           status = CASE WHEN status = 'PENDING' OR error_code IS NOT NULL THEN 'ACTIVE' ELSE status END,
           reason = CASE WHEN error_code IS NOT NULL THEN NULL ELSE reason END,
           status_changed_at = CASE WHEN status = 'PENDING' OR error_code IS NOT NULL THEN now() ELSE status_changed_at END,
           next_attempt_at = CASE WHEN desired_revision > $3::int THEN now() ELSE now() + make_interval(secs => $4::int) END
       WHERE network_id = $1::uuid AND host_id = $2::uuid`,
      key.networkId,
      key.hostId,
      revision,
      this.settings.NETWORK_VERIFY_SECONDS,
    );
    return updated === 1;
  }

  /** @param reason null: the host may be away, its network goes on as it stands */
  async recordFailure(key: HostNetworkKey, errorCode: string, reason: string | null): Promise<boolean> {
    const updated = await this.database.$executeRawUnsafe(
      `UPDATE host_networks
       SET error_code = $3, attempts = attempts + 1,
           status = CASE WHEN $4::text IS NULL THEN status ELSE 'ERROR' END, reason = coalesce($4, reason),
           status_changed_at = CASE WHEN $4::text IS NULL OR status = 'ERROR' THEN status_changed_at ELSE now() END,
           next_attempt_at = ${nextAttempt('attempts')}
       WHERE network_id = $1::uuid AND host_id = $2::uuid`,
      key.networkId,
      key.hostId,
      errorCode,
      reason,
    );
    return updated === 1;
  }
}

const specOf = (network: Network, ports: readonly Port[]): NetworkSpec => {
  const cidr = parseNetworkCidr(network.cidr);
  const hostnames = dhcpHostnames(ports);
  return {
    networkId: network.id,
    name: libvirtNetworkName(network.id),
    bridge: bridgeName(network.id),
    mac: macOfBridge(network.id),
    gateway: formatIpv4(gatewayOf(cidr)),
    prefixLength: cidr.prefixLength,
    reservations: ports.map((port) => ({
      mac: port.mac,
      address: port.address,
      hostname: hostnames.get(port.id) ?? null,
    })),
  };
};
