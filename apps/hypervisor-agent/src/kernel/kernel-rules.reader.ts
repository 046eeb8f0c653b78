import { DomainError } from '@infinibay/contracts';
import { readRuleList, type RuleList } from '@infinibay/libvirt-xml';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { HostCommand } from './host-command.js';
import { SharedReading } from './shared-reading.js';

/** For how long one reading serves all who ask. */
const SERVES_MS = 1_000;

/** Which packets of bridges the kernel shows to iptables, ip6tables and arptables: '1' all, '0' none, undefined: it can't. */
export const BRIDGE_SWITCHES = [
  'bridge-nf-call-iptables',
  'bridge-nf-call-ip6tables',
  'bridge-nf-call-arptables',
] as const;
export type BridgeSwitch = (typeof BRIDGE_SWITCHES)[number];
export const BRIDGE_SWITCH_FOLDER = '/proc/sys/net/bridge';

/** What the kernel's packet filter holds, in the network namespace of libvirt's daemon. */
export interface KernelRules {
  readonly iptables: RuleList;
  readonly ip6tables: RuleList;
  readonly ebtables: RuleList;
  readonly bridgeSwitches: Readonly<Record<BridgeSwitch, string | undefined>>;
}

/**
 * Asks the kernel itself: a definition is no proof of a rule. There is one reading for the whole host, whoever asks and
 * however many; see SharedReading.
 */
@Injectable()
export class KernelRulesReader {
  private readonly reading: SharedReading<KernelRules>;
  private readonly readings: Counter<'outcome'>;
  private readonly durations: Histogram;

  constructor(
    private readonly command: HostCommand,
    metrics: MetricsRegistry,
  ) {
    this.readings = metrics.counter(
      'infinibay_kernel_rule_readings_total',
      "Readings of the kernel's packet filter, each shared by all who ask",
      ['outcome'],
    );
    this.durations = metrics.histogram(
      'infinibay_kernel_rule_reading_seconds',
      "Time to read the kernel's packet filter",
      [],
    );
    this.reading = new SharedReading(() => this.readCounted(), SERVES_MS);
  }

  /**
   * The rules as they were a second ago at most, or twice as long as the last reading took.
   * @throws DomainError HYPERVISOR_ERROR when they can't be read
   */
  read(): Promise<KernelRules> {
    return this.reading.get();
  }

  /**
   * The rules after all that was changed before this call.
   * @throws DomainError HYPERVISOR_ERROR when they can't be read
   */
  readFresh(): Promise<KernelRules> {
    return this.reading.getFresh();
  }

  private async readCounted(): Promise<KernelRules> {
    const end = this.durations.startTimer();
    try {
      const rules = await this.readKernel();
      this.readings.inc({ outcome: 'ok' });
      return rules;
    } catch (error) {
      this.readings.inc({ outcome: 'failed' });
      throw new DomainError(
        'HYPERVISOR_ERROR',
        { reason: "the kernel's packet filter can't be read" },
        { cause: error },
      );
    } finally {
      end();
    }
  }

  private async readKernel(): Promise<KernelRules> {
    const [iptables, ip6tables, ebtables, bridgeSwitches] = await Promise.all([
      this.list('iptables-save'),
      this.list('ip6tables-save'),
      this.list('ebtables-save'),
      this.readSwitches(),
    ]);
    return { iptables, ip6tables, ebtables, bridgeSwitches };
  }

  private async list(program: string): Promise<RuleList> {
    return readRuleList((await this.command.run([program])).stdout);
  }

  /** /proc/sys/net is that of the reader's own network namespace, so a program in libvirt's reads it. */
  private async readSwitches(): Promise<KernelRules['bridgeSwitches']> {
    const files = BRIDGE_SWITCHES.map((name) => `${BRIDGE_SWITCH_FOLDER}/${name}`);
    // grep fails when a file is missing, and prints those that are there.
    const { stdout } = await this.command.run(['grep', '-s', '-H', '.', ...files], { mayFail: true });
    const values = new Map(stdout.split('\n').map((line) => line.split(':', 2) as [string, string | undefined]));
    const valueOf = (name: BridgeSwitch): string | undefined => values.get(`${BRIDGE_SWITCH_FOLDER}/${name}`)?.trim();
    return {
      'bridge-nf-call-iptables': valueOf('bridge-nf-call-iptables'),
      'bridge-nf-call-ip6tables': valueOf('bridge-nf-call-ip6tables'),
      'bridge-nf-call-arptables': valueOf('bridge-nf-call-arptables'),
    };
  }
}
