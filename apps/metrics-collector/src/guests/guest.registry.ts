import { watch, type FSWatcher } from 'node:fs';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { CollectorMetrics } from '../metrics/collector-metrics.js';
import { CONFIG, type CollectorConfig } from '../config.js';
import type { GuestMessage } from '../frames/frame-decoder.js';
import { LineMemory } from '../frames/line-memory.js';
import { SampleIntake } from '../samples/sample.intake.js';
import { GuestConnection, type GuestListener } from './guest-connection.js';
import { GuestPresence } from './guest.presence.js';
import { RefusalNotes } from './refusal-notes.js';
import { ScanTimer } from './scan-timer.js';
import { listAgentSockets, type AgentSocket } from './socket-directory.js';
import { TurnQueue } from './turn-queue.js';

/** What lines beyond 64 KiB of all guests may take together. */
const LINE_MEMORY_BYTES = 25_165_824;

interface Guest {
  readonly socket: AgentSocket;
  readonly connection: GuestConnection;
}

/** Keeps one connection to each agent socket of this host; what guests say goes to intake and presence. */
@Injectable()
export class GuestRegistry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly guests = new Map<string, Guest>();
  private readonly turns = new TurnQueue();
  private readonly memory = new LineMemory(LINE_MEMORY_BYTES);
  private readonly scans = new ScanTimer(() => this.scan());
  private watcher: FSWatcher | undefined;
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: CollectorMetrics,
    private readonly intake: SampleIntake,
    private readonly presence: GuestPresence,
  ) {}

  onApplicationBootstrap(): void {
    this.scans.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.watcher?.close();
    await this.scans.stop();
    for (const vmId of [...this.guests.keys()]) this.forget(vmId);
  }

  private async scan(): Promise<void> {
    try {
      this.watchFolder();
      const found = new Map(
        (await listAgentSockets(this.config.AGENT_SOCKET_DIR)).map((socket) => [socket.vmId, socket]),
      );
      if (this.stopped) return;
      for (const [vmId, guest] of this.guests) {
        if (found.get(vmId)?.identity !== guest.socket.identity) this.forget(vmId);
      }
      for (const { connection } of this.guests.values()) connection.expire();
      this.presence.checkSilence();
      this.metrics.lineMemory.set(this.memory.takenBytes);
      for (const socket of found.values()) if (!this.guests.has(socket.vmId)) this.follow(socket);
    } catch (error) {
      this.logger.warn({ err: error }, 'agent sockets could not be listed');
    }
  }

  /** Only a hint that something changed; the rescan every second is what counts. */
  private watchFolder(): void {
    if (this.watcher !== undefined) return;
    try {
      this.watcher = watch(this.config.AGENT_SOCKET_DIR, () => {
        this.scans.hint();
      });
      this.watcher.on('error', () => {
        this.watcher?.close();
        this.watcher = undefined;
      });
    } catch {
      // The folder does not exist yet: the next scan tries again.
      this.watcher = undefined;
    }
  }

  private follow(socket: AgentSocket): void {
    const { GUEST_FRAMES_PER_SECOND, GUEST_FRAMES_BURST, GUEST_BYTES_PER_SECOND } = this.config;
    const limits = {
      framesPerSecond: GUEST_FRAMES_PER_SECOND,
      framesBurst: GUEST_FRAMES_BURST,
      bytesPerSecond: GUEST_BYTES_PER_SECOND,
    };
    const connection = new GuestConnection(
      socket.path,
      limits,
      this.turns,
      this.listenTo(socket, (message) => {
        connection.send(message);
      }),
      this.memory,
    );
    this.guests.set(socket.vmId, { socket, connection });
    this.presence.follow(socket);
    connection.open();
    this.logger.info({ vmId: socket.vmId }, 'agent socket found');
  }

  private forget(vmId: string): void {
    const guest = this.guests.get(vmId);
    if (guest === undefined) return;
    this.guests.delete(vmId);
    guest.connection.close();
    this.intake.forget(vmId);
    if (this.stopped) this.presence.forget(vmId);
    else this.presence.gone(vmId);
    this.logger.info({ vmId }, 'agent socket gone');
  }

  private listenTo(socket: AgentSocket, send: (message: object) => void): GuestListener {
    let heard = false;
    const notes = new RefusalNotes();
    return {
      onConnected: () => {
        this.metrics.sockets.inc();
      },
      onDisconnected: () => {
        this.metrics.sockets.dec();
        if (heard) this.metrics.guests.dec();
        heard = false;
        // The next to speak at this path may be another guest, on another socket.
        this.scans.hint();
      },
      onMessage: (message) => {
        if (!heard) this.metrics.guests.inc();
        heard = true;
        this.handle(socket, message, send);
      },
      onRefused: (reason) => {
        this.metrics.frameDropped(reason);
        const note = notes.add(reason);
        if (note !== undefined) this.logger.warn({ vmId: socket.vmId, ...note }, 'lines of a guest were refused');
      },
      onSkipped: (bytes) => {
        this.metrics.skippedBytes.inc(bytes);
      },
      onPaused: (budget) => {
        this.metrics.pauses.inc({ budget });
      },
    };
  }

  private handle(socket: AgentSocket, message: GuestMessage, send: (message: object) => void): void {
    this.metrics.frames.inc({ type: message.type === 'other' ? message.name : message.type });
    this.presence.heard(socket, message.type === 'handshake' ? message.agentVersion : null);
    if (message.type === 'metrics') this.intake.accept(socket.vmId, message.metrics);
    else if (message.type === 'keep_alive') {
      send({
        type: 'keep_alive_response',
        sequence_number: message.sequenceNumber,
        // Every version of the agents reads text here.
        timestamp: new Date().toISOString(),
      });
    }
  }
}
