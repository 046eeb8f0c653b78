import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { AgentSocket } from './socket-directory.js';

interface ReplacedGuest {
  readonly departmentId: string;
  readonly connectedAt: string;
}

/** The sockets on which guests were last heard. */
@Injectable()
export class GuestConnectionRepository {
  /** @returns false when the guest was heard on this socket before */
  async connect(
    tx: Transaction,
    { vmId, identity, place }: AgentSocket,
    guest: { readonly departmentId: string; readonly agentVersion: string | null; readonly connectedAt: string },
  ): Promise<boolean> {
    const changed = await tx.$executeRaw`
      INSERT INTO guest_connections (vm_id, department_id, socket_identity, place, agent_version, connected_at)
      VALUES (${vmId}::uuid, ${guest.departmentId}::uuid, ${identity}, ${place}, ${guest.agentVersion}, ${guest.connectedAt}::timestamptz)
      ON CONFLICT (vm_id) DO UPDATE SET department_id = excluded.department_id, socket_identity = excluded.socket_identity,
        place = excluded.place, agent_version = excluded.agent_version, connected_at = excluded.connected_at
      WHERE guest_connections.socket_identity <> excluded.socket_identity`;
    return changed > 0;
  }

  /**
   * Whoever was heard on another socket of the VM in this place speaks there no more. One that is moved here speaks where it
   * was, until it is heard here.
   * @returns who that was; undefined: nobody
   */
  async replaced(tx: Transaction, { vmId, identity, place }: AgentSocket): Promise<ReplacedGuest | undefined> {
    // What a collector of before has written says no place.
    await tx.$executeRaw`
      UPDATE guest_connections SET place = ${place}
      WHERE vm_id = ${vmId}::uuid AND socket_identity = ${identity} AND place IS DISTINCT FROM ${place}`;
    const [row] = await tx.$queryRaw<{ department_id: string; connected_at: Date }[]>`
      DELETE FROM guest_connections WHERE vm_id = ${vmId}::uuid AND socket_identity <> ${identity}
        AND (place = ${place} OR place IS NULL)
      RETURNING department_id, connected_at`;
    return row === undefined
      ? undefined
      : { departmentId: row.department_id, connectedAt: row.connected_at.toISOString() };
  }

  /** @returns the VM's department; undefined when the guest was heard on another socket since, or never */
  async disconnect(tx: Transaction, { vmId, identity }: AgentSocket): Promise<string | undefined> {
    const rows = await tx.$queryRaw<{ department_id: string }[]>`
      DELETE FROM guest_connections WHERE vm_id = ${vmId}::uuid AND socket_identity = ${identity}
      RETURNING department_id`;
    return rows[0]?.department_id;
  }
}
