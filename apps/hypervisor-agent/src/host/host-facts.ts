import type { HostCapabilities } from '@infinibay/contracts';
import type { Connection } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AccelerationService } from '../acceleration/acceleration.service.js';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { OncePerConnection } from '../hypervisor/once-per-connection.js';

/** What doesn't change while a connection stands. */
export interface HostFacts {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly capabilities: HostCapabilities;
}

type LastingFacts = Omit<HostFacts, 'capabilities'> & { readonly capabilities: Omit<HostCapabilities, 'virtType'> };

@Injectable()
export class HostFactsReader {
  private readonly facts: OncePerConnection<LastingFacts>;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly acceleration: AccelerationService,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.facts = new OncePerConnection(hypervisor, () => this.read());
  }

  async get(): Promise<HostFacts> {
    const facts = await this.facts.get();
    return { ...facts, capabilities: { ...facts.capabilities, virtType: await this.virtType(facts) } };
  }

  async capabilities(): Promise<HostCapabilities> {
    return (await this.get()).capabilities;
  }

  private async read(): Promise<LastingFacts> {
    const facts = await this.hypervisor.use('read-host-facts', async (connection) => {
      const [hostname, node, capabilities] = await Promise.all([
        connection.hostname(),
        connection.nodeInfo(),
        this.readCapabilities(connection),
      ]);
      return { hostname, cpus: node.cpus, memoryMib: Math.floor(node.memoryKib / 1024), capabilities };
    });
    this.logger.info({ host: facts }, 'host');
    return facts;
  }

  private async readCapabilities(connection: Connection): Promise<LastingFacts['capabilities']> {
    const [driver, versions] = await Promise.all([connection.type(), connection.version()]);
    const isTest = driver.toLowerCase() === 'test';
    return {
      driver,
      nwfilter: !isTest && (await hasFilters(connection)),
      guestChannel: !isTest,
      libvirtVersion: versionText(versions.daemon),
      hypervisorVersion: versionText(versions.hypervisor),
    };
  }

  private async virtType({ capabilities }: LastingFacts): Promise<HostCapabilities['virtType']> {
    if (capabilities.driver.toLowerCase() === 'test') return 'test';
    if (this.config.LIBVIRT_VIRT_TYPE !== 'auto') return this.config.LIBVIRT_VIRT_TYPE;
    return (await this.acceleration.get()).works ? 'kvm' : 'qemu';
  }
}

const hasFilters = async (connection: Connection): Promise<boolean> => {
  try {
    await connection.nwFilters.list();
    return true;
  } catch (error) {
    if (libvirtCodeOf(error) === 'NO_SUPPORT') return false;
    throw error;
  }
};

/** libvirt counts major * 1,000,000 + minor * 1,000 + release. */
const versionText = (version: number): string =>
  [Math.floor(version / 1_000_000), Math.floor(version / 1_000) % 1_000, version % 1_000].join('.');
