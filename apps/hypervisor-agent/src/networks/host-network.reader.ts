import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { SECTIONS, parseFacts, type HostNetworkFacts, type Section } from './host-network-facts.js';

const run = promisify(execFile);
const READ_LIMITS = { timeout: 10_000, maxBuffer: 64 * 1_048_576 };
/** Services often run without the administrator's folders on their path. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
const MARK = '#infinibay-section ';

/** One shell for all: seven programs of their own would each be started through `ip netns exec`. */
const COMMANDS: Readonly<Record<Section, string>> = {
  addresses: 'ip -j addr',
  routes: 'ip -j -4 route show table all',
  sockets: 'ss -Hlun',
  rules: 'iptables-save',
  tables: 'nft list tables 2>/dev/null || true',
  forwarding: 'cat /proc/sys/net/ipv4/ip_forward',
  resolver: 'cat /etc/resolv.conf 2>/dev/null || true',
};
const SCRIPT = ['set -e', ...SECTIONS.flatMap((section) => [`echo '${MARK}${section}'`, COMMANDS[section]])].join('\n');

/** Asks the kernel, and changes it, in the network namespace of libvirt's daemon. */
@Injectable()
export class HostNetworkReader {
  private reading: Promise<HostNetworkFacts> | undefined;

  constructor(@Inject(AGENT_CONFIG) private readonly config: AgentConfig) {}

  /**
   * Reads everything now. Calls that come before a reading has begun share it.
   * @throws DomainError HYPERVISOR_ERROR when the kernel can't be asked
   */
  read(): Promise<HostNetworkFacts> {
    this.reading ??= Promise.resolve().then(() => {
      this.reading = undefined;
      return this.readNow();
    });
    return this.reading;
  }

  /** Runs a program in the namespace. @throws DomainError HYPERVISOR_ERROR with the program's own words as cause */
  async change(program: string, ...args: string[]): Promise<void> {
    try {
      await this.run(program, ...args);
    } catch (error) {
      const reason = `${[program, ...args].join(' ')} failed`;
      throw new DomainError('HYPERVISOR_ERROR', { reason: reason.slice(0, 200) }, { cause: error });
    }
  }

  private async readNow(): Promise<HostNetworkFacts> {
    try {
      return parseFacts(sectionsOf(await this.run('sh', '-c', SCRIPT)));
    } catch (error) {
      throw new DomainError('HYPERVISOR_ERROR', { reason: "the kernel's networks can't be read" }, { cause: error });
    }
  }

  private async run(...command: [string, ...string[]]): Promise<string> {
    const [program, ...args] =
      this.config.NETNS === undefined ? command : (['ip', 'netns', 'exec', this.config.NETNS, ...command] as const);
    return (await run(program, args, { ...READ_LIMITS, env: ENVIRONMENT })).stdout;
  }
}

const sectionsOf = (output: string): Record<Section, string> => {
  const parts = new Map(
    output.split(MARK).map((part): [string, string] => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).trim()];
    }),
  );
  return Object.fromEntries(SECTIONS.map((section) => [section, parts.get(section) ?? ''])) as Record<Section, string>;
};
