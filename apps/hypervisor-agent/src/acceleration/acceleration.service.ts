import { existsSync } from 'node:fs';
import type { Connection } from '@infinibay/libvirt';
import { domainTypeOf } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { GuestProbe } from './guest-probe.js';

/** Whether guests run with KVM on this host: found out by running one. */
export interface Acceleration {
  readonly works: boolean;
  /** Why not; null when it works. */
  readonly reason: string | null;
  /** When it was found out, RFC 3339. */
  readonly checkedAt: string;
}

const KVM_DEVICE = '/dev/kvm';

/** Finds out anew with every connection. What was known before holds until then, so that no heartbeat waits for it. */
@Injectable()
export class AccelerationService {
  private known: Acceleration | undefined;
  private checking: Promise<Acceleration> | undefined;
  private readonly gauge: Gauge;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly probe: GuestProbe,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.gauge = metrics.gauge('infinibay_kvm_works', '1 where a guest that was started with KVM came to its end');
    hypervisor.on('connected', () => {
      this.check().catch((error: unknown) => this.logger.warn({ err: error }, 'KVM could not be probed'));
    });
  }

  /** What is known now; undefined before the first check has ended. */
  get current(): Acceleration | undefined {
    return this.known;
  }

  /** @throws DomainError HOST_UNAVAILABLE when nothing is known yet and libvirt is away */
  async get(): Promise<Acceleration> {
    return this.known ?? this.checking ?? this.check();
  }

  /** One check after the other: one that was begun over a link that broke says nothing of the next. */
  private check(): Promise<Acceleration> {
    const findOut = (): Promise<Acceleration> => this.findOut();
    const check = this.checking === undefined ? findOut() : this.checking.then(findOut, findOut);
    this.checking = check;
    const forget = (): void => {
      if (this.checking === check) this.checking = undefined;
    };
    check.then(forget, forget);
    return check;
  }

  private async findOut(): Promise<Acceleration> {
    const reason = (await this.whyNot()) ?? null;
    const found = { works: reason === null, reason, checkedAt: new Date().toISOString() };
    this.known = found;
    this.gauge.set(found.works ? 1 : 0);
    this.logger.info({ kvm: found }, found.works ? 'KVM works' : 'KVM does not work here');
    return found;
  }

  /** What excludes KVM is looked at first; what seems to allow it must then prove itself. */
  private async whyNot(): Promise<string | undefined> {
    const driver = await this.hypervisor.use('read-driver', (connection) => connection.type());
    if (driver.toLowerCase() !== 'qemu') return `the driver ${driver} has no KVM`;
    await this.probe.removeLeftover();
    if (this.config.LIBVIRT_VIRT_TYPE === 'qemu') return 'LIBVIRT_VIRT_TYPE asks for software emulation';
    // Only whether it is there: QEMU may open what this process may not.
    if (!existsSync(KVM_DEVICE)) return `there is no ${KVM_DEVICE}`;
    if (!(await this.hypervisor.use('read-domain-capabilities', offersKvm))) return 'libvirt does not offer KVM';
    const outcome = await this.probe.run('kvm');
    return outcome.ran ? undefined : outcome.reason;
  }
}

const offersKvm = async (connection: Connection): Promise<boolean> => {
  try {
    return domainTypeOf(await connection.domainCapabilities({ virtType: 'kvm' })) === 'kvm';
  } catch (error) {
    if (libvirtCodeOf(error) === 'DISCONNECTED') throw error;
    return false;
  }
};
