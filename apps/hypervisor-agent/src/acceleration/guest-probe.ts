import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@infinibay/contracts';
import type { DomainEventDetail, DomainLifecycleEvent } from '@infinibay/libvirt';
import { probeDomainName, probeXml } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { isRefusal, textOfFailure } from './kvm-findings.js';
import { PROBE_KERNEL } from './probe-kernel.js';

/** Whether a guest ran, and why not. */
export type ProbeOutcome =
  | { readonly ran: true; readonly durationMs: number }
  | { readonly ran: false; readonly reason: string; readonly durationMs: number };

/** Long enough for a loaded host: a guest that runs is done within one second. */
const DEADLINE_MS = 10_000;
const START_TIMEOUT_MS = 10_000;
/** For a question that a daemon answers at once. */
const ANSWER_TIMEOUT_MS = 5_000;
/** All probes of a host have the same name: one at a time. */
const ONE_NAME = 'probe';
const REMOVALS = 50;
const BETWEEN_REMOVALS_MS = 100;

/** Runs a guest that does nothing but prove that guests of its kind run; nothing of it is left behind. */
@Injectable()
export class GuestProbe {
  private readonly queue = new KeyedQueue();

  constructor(
    private readonly hypervisor: Hypervisor,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param deadlineMs how long the guest may take from its start to its end
   * @throws what failed when nothing is proved: libvirt went away, doesn't answer in time, or can't do it at the moment
   */
  run(virtType: 'kvm' | 'qemu', deadlineMs = DEADLINE_MS): Promise<ProbeOutcome> {
    return this.queue.run(ONE_NAME, () => this.probe(virtType, deadlineMs));
  }

  /** Ends what an agent that was killed while it probed has left. */
  removeLeftover(): Promise<void> {
    return this.queue.run(ONE_NAME, () => this.tryToClear());
  }

  private async probe(virtType: 'kvm' | 'qemu', deadlineMs: number): Promise<ProbeOutcome> {
    const begun = performance.now();
    const reason = await this.whyNot(virtType, deadlineMs);
    const durationMs = Math.round(performance.now() - begun);
    return reason === undefined ? { ran: true, durationMs } : { ran: false, reason, durationMs };
  }

  private async tryToClear(): Promise<void> {
    try {
      await this.clear();
    } catch (error) {
      // The next probe tries again.
      this.logger.warn({ err: error }, 'a probe guest may be left');
    }
    await rm(this.kernelPath, { force: true });
  }

  private async clear(): Promise<void> {
    for (let left = REMOVALS; await this.destroyLeftover(); left -= 1) {
      if (left === 0) throw new DomainError('HYPERVISOR_ERROR', { reason: 'the probe guest does not go' });
      await delay(BETWEEN_REMOVALS_MS);
    }
  }

  /** @returns whether there was one; it may be there a moment longer, for a daemon that was started again first looks what became of it */
  private async destroyLeftover(): Promise<boolean> {
    const name = probeDomainName(this.config.HOST_ID);
    const left = await this.hypervisor.find('find-probe', 'NO_DOMAIN', ({ domains }) => domains.lookupByName(name));
    if (left === undefined) return false;
    await this.hypervisor
      .find('destroy-probe', 'NO_DOMAIN', () => left.destroy())
      .catch((error: unknown) => {
        if (libvirtCodeOf(error) !== 'OPERATION_INVALID') throw error;
      });
    return true;
  }

  private get kernelPath(): string {
    // Not with the agent's own state: QEMU, as whichever user it runs, reaches the folder of the agent sockets.
    return join(this.config.AGENT_SOCKET_DIR, `${probeDomainName(this.config.HOST_ID)}.bin`);
  }

  private async whyNot(virtType: 'kvm' | 'qemu', deadlineMs: number): Promise<string | undefined> {
    // Not tried only: libvirt refuses a second guest of the name, which would look as if none could be started.
    await this.clear();
    const uuid = randomUUID();
    const watch = this.watchEnd(uuid);
    try {
      await mkdir(this.config.AGENT_SOCKET_DIR, { recursive: true });
      await writeFile(this.kernelPath, PROBE_KERNEL, { mode: 0o644 });
      const xml = probeXml({ virtType, hostId: this.config.HOST_ID, uuid, kernelPath: this.kernelPath });
      await this.hypervisor.use('start-probe', ({ domains }) =>
        domains.createXml(xml, { autoDestroy: true, timeoutMs: START_TIMEOUT_MS }),
      );
      return reasonOfEnd(await this.endWithin(watch.end, uuid, deadlineMs), deadlineMs);
    } catch (error) {
      if (isRefusal(error)) return `a guest could not be started: ${textOfFailure(error)}`;
      throw error;
    } finally {
      watch.stop();
      await this.tryToClear();
    }
  }

  /** @returns undefined when the guest still runs after this time, as libvirt says then */
  private async endWithin(
    end: Promise<DomainEventDetail>,
    uuid: string,
    deadlineMs: number,
  ): Promise<DomainEventDetail | undefined> {
    const detail = await Promise.race([end, nothingFor(deadlineMs)]);
    if (detail !== undefined) return detail;
    const state = await this.hypervisor.find('read-probe-state', 'NO_DOMAIN', ({ domains }) =>
      domains.handle(uuid).state({ timeoutMs: ANSWER_TIMEOUT_MS }),
    );
    if (state !== undefined) return undefined;
    // It did end: a daemon that hung tells late.
    const late = await Promise.race([end, nothingFor(ANSWER_TIMEOUT_MS)]);
    if (late === undefined) throw new DomainError('HYPERVISOR_ERROR', { reason: 'libvirt did not tell the end' });
    return late;
  }

  /** How the guest ends. Watched before the start: the end may be told first. Rejects when libvirt goes away. */
  private watchEnd(uuid: string): { readonly end: Promise<DomainEventDetail>; readonly stop: () => void } {
    let stop = (): void => undefined;
    const end = new Promise<DomainEventDetail>((resolve, reject) => {
      const onLifecycle = (event: DomainLifecycleEvent): void => {
        if (event.uuid === uuid && event.event === 'stopped') resolve(event.detail);
      };
      const onDisconnected = (reason: string): void => reject(new DomainError('HOST_UNAVAILABLE', { reason }));
      this.hypervisor.on('lifecycle', onLifecycle).on('disconnected', onDisconnected);
      stop = () => void this.hypervisor.off('lifecycle', onLifecycle).off('disconnected', onDisconnected);
    });
    // Nobody waits for it when the guest can't be started.
    end.catch(() => undefined);
    return { end, stop };
  }
}

const nothingFor = (ms: number): Promise<undefined> => delay(ms, undefined, { ref: false });

const reasonOfEnd = (detail: DomainEventDetail | undefined, deadlineMs: number): string | undefined => {
  if (detail === 'shutdown') return undefined;
  if (detail === undefined) return `a guest was started and did not come to its end within ${deadlineMs} ms`;
  return `a guest was started and its QEMU ended (${detail})`;
};
