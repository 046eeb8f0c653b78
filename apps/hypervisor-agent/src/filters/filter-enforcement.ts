import { setTimeout as delay } from 'node:timers/promises';
import type { FilterDifference } from '@infinibay/contracts';
import { vmFilterName, type DomainInterface, type FilteredInterface } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostCommand, type HostCommandLine } from '../kernel/host-command.js';
import { BRIDGE_SWITCHES, KernelRulesReader, type KernelRules } from '../kernel/kernel-rules.reader.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { bypassRepairs } from './filter-bypass-repair.js';
import { differencesOf, differencesOfHost, type FilterClaim } from './filter-proof.js';
import { hostRepairScript, repairScripts } from './filter-repair.js';
import type { FilterDefinition } from './nwfilter.repository.js';

const RESTORE_ATTEMPTS = 3;
const BETWEEN_MS = 250;
const SHOWN_IN_LOG = 10;

/** Whether the kernel does what a VM's filter says, and what makes it so. */
@Injectable()
export class FilterEnforcement {
  /** One repair at a time: each is worked out from the rules as the one before left them. */
  private readonly repairs = new KeyedQueue();
  private readonly repaired: Counter<'outcome'>;

  constructor(
    private readonly domains: DomainRepository,
    private readonly kernel: KernelRulesReader,
    private readonly command: HostCommand,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.repaired = metrics.counter('infinibay_kernel_filter_repairs_total', "Repairs of the kernel's packet filter", [
      'outcome',
    ]);
  }

  /**
   * What the kernel does not do of a running VM's filter. A difference is told only when a second reading has it too:
   * libvirt may just be writing the rules.
   * @param read the first reading
   */
  async differences(
    vmId: string,
    definition: FilterDefinition,
    read: () => Promise<KernelRules> = () => this.kernel.readFresh(),
  ): Promise<FilterDifference[]> {
    const { claim, unfiltered } = await this.claimOf(vmId, definition);
    const first = differencesOf(claim, await read());
    const confirmed = first.length === 0 ? first : differencesOf(claim, await this.kernel.readFresh());
    return [...unfiltered, ...confirmed];
  }

  /** Makes the kernel do what the filter says; gives what it still does not do. */
  async enforce(vmId: string, definition: FilterDefinition): Promise<FilterDifference[]> {
    const { claim, unfiltered } = await this.claimOf(vmId, definition);
    const left = await this.repairs.run('host', () =>
      this.repair(
        (kernel) => differencesOf(claim, kernel),
        (kernel) => repairScripts(claim, kernel),
        { vmId, cards: claim.cards },
      ),
    );
    return [...unfiltered, ...left];
  }

  /** Makes the kernel ask nwfilter's rules at all, before a VM starts; gives what still keeps it from asking. */
  async enforceHost(): Promise<FilterDifference[]> {
    const differences = (kernel: KernelRules): FilterDifference[] => {
      const isFresh = hostRepairScript(kernel) === undefined;
      // libvirt makes its chains with the first filtered VM.
      return differencesOfHost(kernel).filter(({ path }) => !isFresh || /^(?:sysctl|nft)\//.test(path));
    };
    if (differences(await this.kernel.read()).length === 0) return [];
    return this.repairs.run('host', () =>
      this.repair(differences, (kernel) => ({ iptables: hostRepairScript(kernel), ebtables: undefined }), {
        cards: [],
      }),
    );
  }

  private async repair(
    differences: (kernel: KernelRules) => FilterDifference[],
    scripts: (kernel: KernelRules) => { readonly iptables: string | undefined; readonly ebtables: string | undefined },
    { cards, ...about }: { readonly vmId?: string; readonly cards: readonly FilteredInterface[] },
  ): Promise<FilterDifference[]> {
    const before = await this.kernel.readFresh();
    const found = differences(before);
    if (found.length === 0) return [];
    await this.switchOn(before);
    const { iptables, ebtables } = scripts(await this.clearWay(before, cards));
    // Both are tried: what one can't mend is no reason to leave the other.
    await this.restore('iptables-restore', iptables);
    await this.restore('ebtables-restore', ebtables);
    const left = differences(await this.kernel.readFresh());
    this.repaired.inc({ outcome: left.length === 0 ? 'ok' : 'failed' });
    this.logger.warn(
      { ...about, found: found.slice(0, SHOWN_IN_LOG), foundCount: found.length, leftCount: left.length },
      left.length === 0 ? 'kernel packet filter repaired' : 'kernel packet filter repair failed',
    );
    return left;
  }

  private async switchOn({ bridgeSwitches }: KernelRules): Promise<void> {
    const off = BRIDGE_SWITCHES.filter((name) => bridgeSwitches[name] !== '1');
    if (off.length === 0) return;
    // Without its module the kernel has no such switches.
    if (off.some((name) => bridgeSwitches[name] === undefined)) await this.attempt(['modprobe', 'br_netfilter']);
    for (const name of off) await this.attempt(['tee', `${this.config.BRIDGE_NETFILTER_DIR}/${name}`], '1\n');
  }

  /** Takes away what the rules are led round by. @returns the kernel afterwards */
  private async clearWay(before: KernelRules, cards: readonly FilteredInterface[]): Promise<KernelRules> {
    const repairs = bypassRepairs(cards, before);
    if (repairs.length === 0) return before;
    // A chain that was made anew is empty until its rules are back.
    for (const { command, input } of repairs)
      await (command[0].endsWith('-restore') ? this.insist(command, input) : this.attempt(command, input));
    return this.kernel.readFresh();
  }

  private async restore(program: 'iptables-restore' | 'ebtables-restore', script: string | undefined): Promise<void> {
    if (script !== undefined) await this.insist([program, '--noflush'], script);
  }

  /** All of it is done or nothing. Debian's ebtables is refused when somebody changes another table just then. */
  private async insist(command: HostCommandLine, input?: string): Promise<void> {
    for (let attempt = 1; attempt <= RESTORE_ATTEMPTS; attempt += 1) {
      if (await this.attempt(command, input)) return;
      if (attempt < RESTORE_ATTEMPTS) await delay(attempt * BETWEEN_MS);
    }
  }

  /** Whether it helped is read from the kernel afterwards. @returns whether it was taken */
  private async attempt(command: HostCommandLine, input?: string): Promise<boolean> {
    try {
      await this.command.run(command, input === undefined ? {} : { input });
      return true;
    } catch (error) {
      this.logger.warn({ err: error, command: command.join(' ') }, 'a repair of the kernel packet filter was refused');
      return false;
    }
  }

  private async claimOf(
    vmId: string,
    { rules }: FilterDefinition,
  ): Promise<{ readonly claim: FilterClaim; readonly unfiltered: FilterDifference[] }> {
    const filterName = vmFilterName(vmId);
    const running = (await this.domains.interfaces(vmId, false)).filter(({ device }) => device !== undefined);
    const isFiltered = (card: DomainInterface): boolean => card.filterName === filterName && card.address !== undefined;
    return {
      claim: { rules, cards: running.filter(isFiltered).map(asFiltered) },
      unfiltered: running
        .filter((card) => !isFiltered(card))
        .map((card) => ({
          path: `libvirt/interface/${card.mac}`,
          expected: filterName,
          actual: card.filterName ?? null,
        })),
    };
  }
}

const asFiltered = ({ device, mac, address, bridge }: DomainInterface): FilteredInterface => ({
  device: device ?? '',
  mac,
  address: address ?? '',
  bridge,
});
