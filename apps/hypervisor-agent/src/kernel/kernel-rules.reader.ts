import { DomainError } from '@infinibay/contracts';
import { readRuleList, type RuleList } from '@infinibay/libvirt-xml';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { readLinks, readTrafficFilters, type KernelLink, type TrafficFilters } from './device-attachments.js';
import { HostCommand } from './host-command.js';
import { readingScript, requireText, textsOf, type KernelSection, type KernelTexts } from './kernel-reading.js';
import { readNftRuleset, type NftTable } from './nft-ruleset.js';
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

/** What the kernel's packet filter holds, in the network namespace of libvirt's daemon. */
export interface KernelRules {
  readonly iptables: RuleList;
  readonly ip6tables: RuleList;
  readonly ebtables: RuleList;
  readonly bridgeSwitches: Readonly<Record<BridgeSwitch, string | undefined>>;
  /** Also the tables in which iptables and ebtables keep their rules; empty where they don't use nftables. */
  readonly nft: readonly NftTable[];
  readonly trafficFilters: readonly TrafficFilters[];
  readonly links: ReadonlyMap<string, KernelLink>;
  /** What the programs printed, for those who read other facts in it: there is one reading for all. */
  readonly texts: KernelTexts;
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
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
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
    const script = readingScript(this.config.BRIDGE_NETFILTER_DIR);
    const texts = textsOf((await this.command.run(['sh', '-c', script])).stdout);
    const rulesOf = (section: KernelSection): RuleList => readRuleList(requireText(texts, section));
    return {
      iptables: rulesOf('iptables'),
      ip6tables: rulesOf('ip6tables'),
      ebtables: rulesOf('ebtables'),
      bridgeSwitches: switchesOf(requireText(texts, 'switches')),
      nft: readNftRuleset(requireText(texts, 'nft')),
      trafficFilters: readTrafficFilters(requireText(texts, 'trafficControl')),
      links: readLinks(requireText(texts, 'addresses')),
      texts,
    };
  }
}

/** `<folder>/<switch>:<value>`; a switch that is missing has no line. */
const switchesOf = (text: string): KernelRules['bridgeSwitches'] => {
  const values = new Map(
    [...text.matchAll(/([^/\n]+):([^:\n]*)$/gm)].map(([, name, value]) => [name ?? '', value?.trim()]),
  );
  const valueOf = (name: BridgeSwitch): string | undefined => values.get(name);
  return {
    'bridge-nf-call-iptables': valueOf('bridge-nf-call-iptables'),
    'bridge-nf-call-ip6tables': valueOf('bridge-nf-call-ip6tables'),
    'bridge-nf-call-arptables': valueOf('bridge-nf-call-arptables'),
  };
};
