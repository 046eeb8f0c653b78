import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import type { KernelTables } from './kernel-rules.js';

const run = promisify(execFile);
const LIMITS = { timeout: 5_000, maxBuffer: 64 * 1_048_576 };

/** Asks the kernel itself, in the network namespace of libvirt's daemon: a definition is no proof of a rule. */
@Injectable()
export class KernelRulesReader {
  constructor(@Inject(AGENT_CONFIG) private readonly config: AgentConfig) {}

  /** @throws DomainError HYPERVISOR_ERROR when the rules can't be read */
  async read(): Promise<KernelTables> {
    try {
      const [iptables, ebtables] = await Promise.all([
        this.run('iptables-save', '-t', 'filter'),
        this.run('ebtables-save'),
      ]);
      return { iptables, ebtables };
    } catch (error) {
      throw new DomainError(
        'HYPERVISOR_ERROR',
        { reason: "the kernel's packet filter can't be read" },
        { cause: error },
      );
    }
  }

  private async run(...command: [string, ...string[]]): Promise<string> {
    const [program, ...args] =
      this.config.NETNS === undefined ? command : (['ip', 'netns', 'exec', this.config.NETNS, ...command] as const);
    // Services often run without the administrator's folders on their path.
    const environment = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
    return (await run(program, args, { ...LIMITS, env: environment })).stdout;
  }
}
