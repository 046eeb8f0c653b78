import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@infinibay/libvirt';
import { domainTypeOf } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { retryUntilDone } from '../work/retry.js';
import { GuestProbe } from './guest-probe.js';
import { KvmFindings, isRefusal, type Acceleration } from './kvm-findings.js';
import { LastRefusal } from './last-refusal.js';

const KVM_DEVICE = '/dev/kvm';

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;
/**
 * After that a refusal of an earlier connection is proved again: its host may have been too busy for the guest. An agent
 * that never stays connected for so long goes by what was found first on that boot.
 */
const HOLDS_MS = 300_000;

/**
 * Finds out anew with every connection, and again while it could not be found out. What was known before holds until
 * then, so that no heartbeat waits for it: a refusal also through restarts of the agent.
 */
@Injectable()
export class AccelerationService implements OnApplicationShutdown {
  private readonly findings = new KvmFindings();
  private checking: Promise<Acceleration> | undefined;
  /** The checks of the connection that stands. */
  private round = new AbortController();
  private readonly lastRefusal: LastRefusal;
  /** What holds was found out by an earlier connection, or an earlier run of the agent. */
  private isRemembered = false;
  private readonly gauge: Gauge;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly probe: GuestProbe,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.lastRefusal = new LastRefusal(config.STATE_DIR, KVM_DEVICE, logger);
    this.gauge = metrics.gauge('infinibay_kvm_works', '1 where a guest that was started with KVM came to its end');
    hypervisor.on('connected', () => this.onConnected());
    hypervisor.on('disconnected', () => this.round.abort());
  }

  onApplicationShutdown(): void {
    this.round.abort();
  }

  /** What is known now; undefined before the first check has ended. */
  get current(): Acceleration | undefined {
    return this.findings.current;
  }

  /** @throws DomainError HOST_UNAVAILABLE when nothing is known yet and libvirt is away */
  async get(): Promise<Acceleration> {
    const known = this.findings.current;
    if (known !== undefined) return known;
    try {
      return await (this.checking ?? this.check());
    } catch (error) {
      const meanwhile = this.findings.current;
      if (meanwhile !== undefined) return meanwhile;
      throw error;
    }
  }

  private onConnected(): void {
    this.round.abort();
    this.round = new AbortController();
    void this.findOutWhile(this.round.signal);
  }

  private async findOutWhile(signal: AbortSignal): Promise<void> {
    await this.untilFound(signal, false);
    if (!this.isRemembered) return;
    await delay(HOLDS_MS, undefined, { signal, ref: false }).catch(() => undefined);
    await this.untilFound(signal, true);
  }

  private untilFound(signal: AbortSignal, anew: boolean): Promise<void> {
    return retryUntilDone(() => this.check(anew), {
      firstMs: FIRST_RETRY_MS,
      longestMs: LONGEST_RETRY_MS,
      signal,
      onFailed: (err, againInMs) => this.logger.warn({ err, againInMs }, 'KVM could not be probed; retry follows'),
    });
  }

  /** One check after the other: one that was begun over a link that broke says nothing of the next. */
  private check(anew = false): Promise<Acceleration> {
    const findOut = (): Promise<Acceleration> => this.findOut(anew);
    const check = this.checking === undefined ? findOut() : this.checking.then(findOut, findOut);
    this.checking = check;
    const forget = (): void => {
      if (this.checking === check) this.checking = undefined;
    };
    check.then(forget, forget);
    return check;
  }

  private async findOut(anew: boolean): Promise<Acceleration> {
    try {
      this.isRemembered = false;
      const excluded = await this.exclusion();
      const found = excluded === undefined ? await this.proof(anew) : this.findings.found(excluded);
      this.logger.info({ kvm: found }, found.works ? 'KVM works' : 'KVM does not work here');
      return found;
    } catch (error) {
      this.findings.notFound(error);
      throw error;
    } finally {
      const { current } = this;
      if (current !== undefined) this.gauge.set(current.works ? 1 : 0);
    }
  }

  /** What needs no guest to be known. */
  private async exclusion(): Promise<string | undefined> {
    const driver = await this.hypervisor.use('read-driver', (connection) => connection.type());
    if (driver.toLowerCase() !== 'qemu') return `the driver ${driver} has no KVM`;
    await this.probe.removeLeftover();
    if (this.config.LIBVIRT_VIRT_TYPE === 'qemu') return 'LIBVIRT_VIRT_TYPE asks for software emulation';
    // Only whether it is there: QEMU may open what this process may not.
    if (!existsSync(KVM_DEVICE)) return `there is no ${KVM_DEVICE}`;
    if (!(await this.hypervisor.use('read-domain-capabilities', offersKvm))) return 'libvirt does not offer KVM';
    return undefined;
  }

  /** What seems to allow it must prove itself; that it could not is remembered. */
  private async proof(anew: boolean): Promise<Acceleration> {
    const { daemon, hypervisor } = await this.hypervisor.use('read-version', (connection) => connection.version());
    const libvirt = { uri: this.config.LIBVIRT_URI, versions: [daemon, hypervisor] };
    const last = anew ? undefined : await this.lastRefusal.of(libvirt);
    this.isRemembered = last !== undefined;
    if (last !== undefined) return this.findings.found(last.reason, last.checkedAt);
    const outcome = await this.probe.run('kvm');
    const found = this.findings.found(outcome.ran ? undefined : outcome.reason);
    await this.lastRefusal.keep(libvirt, found);
    return found;
  }
}

const offersKvm = async (connection: Connection): Promise<boolean> => {
  try {
    return domainTypeOf(await connection.domainCapabilities({ virtType: 'kvm' })) === 'kvm';
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
};
