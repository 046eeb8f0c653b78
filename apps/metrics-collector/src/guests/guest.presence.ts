import { vmGuestConnected, vmGuestSilent } from '@infinibay/contracts';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { CONFIG, type CollectorConfig } from '../config.js';
import { Change } from '../database.js';
import { SampleRepository } from '../samples/sample.repository.js';
import { VmDirectory } from '../samples/vm.directory.js';
import { GuestConnectionRepository } from './guest-connection.repository.js';
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
  /** Sockets of which it is not known yet whether another guest was heard before on another. */
  private readonly followed = new Map<string, AgentSocket>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    private readonly change: Change,
    private readonly connections: GuestConnectionRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly directory: VmDirectory,
    private readonly samples: SampleRepository,
  ) {}

  /** A socket that is followed from now on: whoever was heard on the one before is gone, also where nobody saw that. */
  follow(socket: AgentSocket): void {
    this.expect(socket);
    this.followed.set(socket.vmId, socket);
    this.publishAfter(0);
  }

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
    this.publishAfter(0);
  }

  /** Called about once a second: tells of guests that were heard once and not for the stated time. */
  checkSilence(): void {
    const limitMs = this.config.GUEST_SILENT_SECONDS * 1_000;
    const silent = [...this.lastHeard.values()].filter(({ at }) => performance.now() - at >= limitMs);
    if (silent.length === 0 || this.stopped) return;
    for (const heard of silent) this.forget(heard.socket.vmId);
    this.running = this.running.then(async () => {
      for (const heard of silent) await this.publishSilence(heard);
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
    this.running = this.running.then(() => this.publishSilence(heard));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async publishSilence(heard: Heard): Promise<void> {
    const { socket, lastHeardAt } = heard;
    try {
      const wasConnected = await this.change.run(async (tx) => {
        const departmentId = await this.connections.disconnect(tx, socket);
        if (departmentId === undefined) return { answer: false, events: [] };
        const data = { vmId: socket.vmId, lastHeardAt };
        const silent = newEvent(vmGuestSilent, { departmentId, resource: { kind: 'vm', id: socket.vmId }, data });
        return { answer: true, events: [silent] };
      });
      if (!wasConnected) return;
      this.logger.info({ vmId: socket.vmId, lastHeardAt }, 'a guest fell silent');
    } catch (error) {
      this.logger.warn({ err: error, vmId: socket.vmId }, 'publishing that a guest fell silent failed; retry follows');
      // Tried again after another time of silence; a guest that spoke meanwhile is not silent.
      if (!this.lastHeard.has(socket.vmId)) this.lastHeard.set(socket.vmId, heard);
    }
  }

  private publishAfter(delayMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.running = this.running.then(() => this.publishAll());
    }, delayMs);
  }

  private async publishAll(): Promise<void> {
    for (const [vmId, socket] of this.followed) {
      try {
        await this.publishReplaced(socket);
        if (this.followed.get(vmId) === socket) this.followed.delete(vmId);
      } catch (error) {
        this.logger.warn({ err: error, vmId }, 'publishing that a guest is gone failed; retry follows');
      }
    }
    for (const [vmId, notice] of this.waiting) {
      try {
        const departmentId = await this.directory.find(vmId);
        if (departmentId === undefined) continue;
        await this.publish(notice, departmentId);
        if (this.waiting.get(vmId) === notice) this.waiting.delete(vmId);
      } catch (error) {
        this.logger.warn({ err: error, vmId }, 'publishing that a guest connected failed; retry follows');
      }
    }
    if (this.waiting.size + this.followed.size > 0) this.publishAfter(RETRY_MS);
  }

  private async publishReplaced(socket: AgentSocket): Promise<void> {
    const { vmId } = socket;
    await this.change.run(async (tx) => {
      const before = await this.connections.replaced(tx, socket);
      if (before === undefined) return { answer: undefined, events: [] };
      const { departmentId, connectedAt: lastHeardAt } = before;
      const data = { vmId, lastHeardAt };
      const silent = newEvent(vmGuestSilent, { departmentId, resource: { kind: 'vm', id: vmId }, data });
      return { answer: undefined, events: [silent] };
    });
  }

  private async publish({ socket, agentVersion, connectedAt }: Notice, departmentId: string): Promise<void> {
    await this.change.run(async (tx) => {
      if (await this.samples.isForgotten(tx, socket.vmId)) return { answer: undefined, events: [] };
      const isNew = await this.connections.connect(tx, socket, { departmentId, agentVersion, connectedAt });
      const data = { vmId: socket.vmId, agentVersion, connectedAt };
      const connected = newEvent(vmGuestConnected, { departmentId, resource: { kind: 'vm', id: socket.vmId }, data });
      return { answer: undefined, events: isNew ? [connected] : [] };
    });
  }
}
