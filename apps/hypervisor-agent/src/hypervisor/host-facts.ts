import { open, readFile } from 'node:fs/promises';
import type { HostCapabilities } from '@infinibay/contracts';
import type { Connection } from '@infinibay/libvirt';
import { domainTypeOf } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from './hypervisor.js';
import { libvirtCodeOf } from './libvirt-errors.js';
import { OncePerConnection } from './once-per-connection.js';

/** What doesn't change while a connection stands. */
export interface HostFacts {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly capabilities: HostCapabilities;
}

@Injectable()
export class HostFactsReader {
  private readonly facts: OncePerConnection<HostFacts>;

  constructor(
    private readonly hypervisor: Hypervisor,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.facts = new OncePerConnection(hypervisor, () => this.read());
  }

  get(): Promise<HostFacts> {
    return this.facts.get();
  }

  async capabilities(): Promise<HostCapabilities> {
    return (await this.get()).capabilities;
  }

  private async read(): Promise<HostFacts> {
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

  private async readCapabilities(connection: Connection): Promise<HostCapabilities> {
    const [driver, versions] = await Promise.all([connection.type(), connection.version()]);
    const isTest = driver.toLowerCase() === 'test';
    return {
      driver,
      virtType: isTest ? 'test' : await this.virtType(connection),
      nwfilter: !isTest && (await hasFilters(connection)),
      guestChannel: !isTest,
      libvirtVersion: versionText(versions.daemon),
      hypervisorVersion: versionText(versions.hypervisor),
    };
  }

  private async virtType(connection: Connection): Promise<'kvm' | 'qemu'> {
    if (this.config.LIBVIRT_VIRT_TYPE !== 'auto') return this.config.LIBVIRT_VIRT_TYPE;
    const works = (await cpuVirtualizes()) && (await kvmOpens()) && (await isOffered(connection, 'kvm'));
    return works ? 'kvm' : 'qemu';
  }
}

/** /dev/kvm may open, and libvirt may offer KVM, where guests then hang: the CPU's own flags decide first. */
const cpuVirtualizes = async (): Promise<boolean> =>
  /^flags\s*:.*\b(?:vmx|svm)\b/m.test(await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));

const kvmOpens = async (): Promise<boolean> => {
  try {
    await (await open('/dev/kvm', 'r+')).close();
    return true;
  } catch {
    return false;
  }
};

const isOffered = async (connection: Connection, virtType: string): Promise<boolean> => {
  try {
    return domainTypeOf(await connection.domainCapabilities({ virtType })) === virtType;
  } catch (error) {
    if (libvirtCodeOf(error) === 'DISCONNECTED') throw error;
    return false;
  }
};

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
