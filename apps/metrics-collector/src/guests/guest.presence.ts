import { vmGuestConnected, vmGuestSilent } from '@infinibay/contracts';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { CONFIG, type CollectorConfig } from '../config.js';
import { PrismaClient } from '../database.js';
import { VmDirectory } from '../samples/vm.directory.js';
import type { AgentSocket } from './socket-directory.js';

const RETRY_MS = 1_000;

interface Heard {
  readonly socket: AgentSocket;
  /** Of the monotonic clock, and as the host's clock shows it. */
  at: number;
  lastHeardAt: string;
}

interface Notice {
  readonly socket: AgentSocket;
  readonly agentVersion: string | null;
  readonly connectedAt: string;
}

/**
 * Tells once per socket that a guest's agent was heard (vm.guest-connected), and that it fell silent (vm.guest-silent);
 * after that the next frame is told again. What was told is kept in PostgreSQL, so a restart of the collector does not
 * tell it again; what could not be told yet is tried again until it is.
 */
@Injectable()
export class GuestPresence implements BeforeApplicationShutdown {
  /** Sockets that were told, or are about to be. */
  private readonly known = new Map<string, string>();
  private readonly waiting = new Map<string, Notice>();
  private readonly lastHeard = new Map<string, Heard>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    @Inject(PrismaClient) private readonly database: PrismaClient,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly directory: VmDirectory,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  /** A socket that is there: from now on its guest is silent until it is heard. @returns the present time. */
  expect(socket: AgentSocket): string {
    const lastHeardAt = new Date().toISOString();
    this.lastHeard.set(socket.vmId, { socket, at: performance.now(), lastHeardAt });
    return lastHeardAt;
  }

  heard(socket: AgentSocket, agentVersion: string | null): void {
    const connectedAt = this.expect(socket);
    if (this.known.get(socket.vmId) === socket.identity) return;
    this.known.set(socket.vmId, socket.identity);
    this.waiting.set(socket.vmId, { socket, agentVersion, connectedAt });
    this.tellAfter(0);
  }

  /** Called about once a second: tells of guests that were heard once and not for the stated time. */
  checkSilence(): void {
    const limitMs = this.config.GUEST_SILENT_SECONDS * 1_000;
    const silent = [...this.lastHeard.values()].filter(({ at }) => performance.now() - at >= limitMs);
    if (silent.length === 0 || this.stopped) return;
    for (const heard of silent) this.forget(heard.socket.vmId);
    this.running = this.running.then(async () => {
      for (const heard of silent) await this.tellSilence(heard);
    });
  }

  forget(vmId: string): void {
    this.known.delete(vmId);
    this.waiting.delete(vmId);
    this.lastHeard.delete(vmId);
  }

  /** The socket is gone, and with it whoever spoke on it. */
  gone(vmId: string): void {
    const heard = this.lastHeard.get(vmId);
    this.forget(vmId);
    if (heard === undefined || this.stopped) return;
    this.running = this.running.then(() => this.tellSilence(heard));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async tellSilence(heard: Heard): Promise<void> {
    const { socket, lastHeardAt } = heard;
    try {
      const told = await this.database.$transaction(async (tx) => {
        const rows = await tx.$queryRaw<{ department_id: string }[]>`
          DELETE FROM guest_connections WHERE vm_id = ${socket.vmId}::uuid AND socket_identity = ${socket.identity}
          RETURNING department_id`;
        const departmentId = rows[0]?.department_id;
        if (departmentId === undefined) return false;
        const data = { vmId: socket.vmId, lastHeardAt };
        await appendToOutbox(tx, [
          newEvent(vmGuestSilent, { departmentId, resource: { kind: 'vm', id: socket.vmId }, data }),
        ]);
        return true;
      });
      if (!told) return;
      this.logger.info({ vmId: socket.vmId, lastHeardAt }, 'a guest fell silent');
      this.outbox.notify();
    } catch (error) {
      this.logger.warn({ err: error, vmId: socket.vmId }, 'a silent guest could not be told yet');
      // Tried again after another time of silence; a guest that spoke meanwhile is not silent.
      if (!this.lastHeard.has(socket.vmId)) this.lastHeard.set(socket.vmId, heard);
    }
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
