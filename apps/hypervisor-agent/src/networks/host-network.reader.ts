import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { HostCommand, type HostCommandLine } from '../kernel/host-command.js';
import { requireText } from '../kernel/kernel-reading.js';
import { KernelRulesReader, type KernelRules } from '../kernel/kernel-rules.reader.js';
import { parseFacts, type HostNetworkFacts } from './host-network-facts.js';

/** The networks' side of the one reading of the kernel, and changes of it, in the network namespace of libvirt's daemon. */
@Injectable()
export class HostNetworkReader {
  constructor(
    private readonly kernel: KernelRulesReader,
    private readonly command: HostCommand,
  ) {}

  /**
   * Everything as it was a second ago at most, or twice as long as the last reading took.
   * @throws DomainError HYPERVISOR_ERROR when the kernel can't be asked
   */
  async readRecent(): Promise<HostNetworkFacts> {
    return factsOf(await this.kernel.read());
  }

  /**
   * Everything as it is after all that was changed before this call.
   * @throws DomainError HYPERVISOR_ERROR when the kernel can't be asked
   */
  async read(): Promise<HostNetworkFacts> {
    return factsOf(await this.kernel.readFresh());
  }

  /** Runs a program in the namespace. @throws DomainError HYPERVISOR_ERROR with the program's own words as cause */
  async change(...command: HostCommandLine): Promise<void> {
    try {
      await this.command.run(command);
    } catch (error) {
      const reason = `${command.join(' ')} failed`;
      throw new DomainError('HYPERVISOR_ERROR', { reason: reason.slice(0, 200) }, { cause: error });
    }
  }
}

const factsOf = ({ texts, nft }: KernelRules): HostNetworkFacts =>
  parseFacts({
    addresses: requireText(texts, 'addresses'),
    routes: requireText(texts, 'routes'),
    sockets: requireText(texts, 'sockets'),
    rules: requireText(texts, 'iptables'),
    forwarding: requireText(texts, 'forwarding'),
    resolver: requireText(texts, 'resolver'),
    nft,
  });
