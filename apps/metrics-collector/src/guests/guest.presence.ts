import { vmGuestConnected } from '@infinibay/contracts';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { PrismaClient } from '../database.js';
import { VmDirectory } from '../samples/vm.directory.js';
import type { AgentSocket } from './socket-directory.js';

const RETRY_MS = 1_000;

interface Notice {
  readonly socket: AgentSocket;
  readonly agentVersion: string | null;
  readonly connectedAt: string;
}

/**
 * Tells once per socket that a guest's agent was heard (vm.guest-connected). What was told is kept in PostgreSQL, so a
 * restart of the collector does not tell it again; what could not be told yet is tried again until it is.
 */
@Injectable()
export class GuestPresence implements BeforeApplicationShutdown {
  /** Sockets that were told, or are about to be. */
  private readonly known = new Map<string, string>();
  private readonly waiting = new Map<string, Notice>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(PrismaClient) private readonly database: PrismaClient,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly directory: VmDirectory,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  heard(socket: AgentSocket, agentVersion: string | null): void {
    if (this.known.get(socket.vmId) === socket.identity) return;
    this.known.set(socket.vmId, socket.identity);
    this.waiting.set(socket.vmId, { socket, agentVersion, connectedAt: new Date().toISOString() });
    this.tellAfter(0);
  }

  forget(vmId: string): void {
    this.known.delete(vmId);
    this.waiting.delete(vmId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private tellAfter(delayMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.running = this.running.then(() => this.tellAll());
    }, delayMs);
  }

  private async tellAll(): Promise<void> {
    for (const [vmId, notice] of this.waiting) {
      try {
        const departmentId = await this.directory.find(vmId);
        if (departmentId === undefined) continue;
        await this.tell(notice, departmentId);
        if (this.waiting.get(vmId) === notice) this.waiting.delete(vmId);
      } catch (error) {
        this.logger.warn({ err: error, vmId }, 'a guest that connected could not be told yet');
      }
    }
    if (this.waiting.size > 0) this.tellAfter(RETRY_MS);
  }

  private async tell({ socket, agentVersion, connectedAt }: Notice, departmentId: string): Promise<void> {
    const told = await this.database.$transaction(async (tx) => {
      const changed = await tx.$executeRaw`
        INSERT INTO guest_connections (vm_id, department_id, socket_identity, agent_version, connected_at)
        VALUES (${socket.vmId}::uuid, ${departmentId}::uuid, ${socket.identity}, ${agentVersion}, ${connectedAt}::timestamptz)
        ON CONFLICT (vm_id) DO UPDATE SET department_id = excluded.department_id, socket_identity = excluded.socket_identity,
          agent_version = excluded.agent_version, connected_at = excluded.connected_at
        WHERE guest_connections.socket_identity <> excluded.socket_identity`;
      if (changed === 0) return false;
      const data = { vmId: socket.vmId, agentVersion, connectedAt };
      await appendToOutbox(tx, [
        newEvent(vmGuestConnected, { departmentId, resource: { kind: 'vm', id: socket.vmId }, data }),
      ]);
      return true;
    });
    if (told) this.outbox.notify();
  }
}
