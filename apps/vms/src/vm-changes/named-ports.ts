import { DomainError, findNics, selectNetwork, type VmNic } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { isUuid } from '@infinibay/platform-subgraph';
import { FIRST_SLOT, actionOf, type OperationKind } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import type { Said } from './action-inputs.js';

/** What networks says of the ports and the network that somebody names. It is asked before the VM is locked. */
interface Named {
  /** The department of the VM, when it was asked of. */
  readonly askedOf: string;
  /** The network of the port that is named, and the network that is; null: the VM, or its department, has none such. */
  readonly from: string | null;
  readonly to: string | null;
}

const refused = (error: unknown): null => {
  if (error instanceof DomainError && error.code === 'NETWORK_NOT_FOUND') return null;
  throw error;
};

/**
 * Finds out which ports and networks are meant. What there is not is no error here: whoever may not see the VM is told so
 * when it is locked, and learns nothing else.
 */
@Injectable()
export class NamedPorts {
  constructor(
    private readonly vms: VmRepository,
    private readonly ports: VmPortRepository,
    private readonly requests: RequestClient,
  ) {}

  /**
   * What was said, with what networks has to be asked about it.
   * @throws DomainError SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED
   */
  async prepare(kind: OperationKind, said: Said): Promise<Said> {
    const { ofPort, changesPorts } = actionOf(kind);
    if (ofPort === true) return { ...said, macs: await this.macsOf(said.vmId, said['portId']) };
    return changesPorts === true ? { ...said, ...(await this.named(said)) } : said;
  }

  /**
   * The MAC addresses by which its host may know the card of a port; none: the VM has no such port. A VM that goes to
   * another department has the card of either in the place of its first one until it is defined anew: a link of the one
   * is one of both.
   */
  private async macsOf(vmId: string, portId: unknown): Promise<string[]> {
    const [nics, rows] = await Promise.all([this.nicsOf(vmId), this.ports.ofVm(vmId)]);
    const nic = nics.find((one) => one.portId === portId);
    if (nic === undefined) return [];
    const isFurther = (networkId: string): boolean =>
      rows.some((row) => row.networkId === networkId && row.slot !== FIRST_SLOT);
    if (isFurther(nic.networkId)) return [nic.mac];
    return nics.filter(({ networkId }) => !isFurther(networkId)).map(({ mac }) => mac);
  }

  private async named({ vmId, portId, networkId }: Said): Promise<Partial<Named>> {
    const vm = await this.vms.findRow(vmId);
    if (vm === null) return {};
    const { departmentId } = vm;
    const named: Promise<readonly VmNic[]> = portId === undefined ? Promise.resolve([]) : this.nicsOf(vmId);
    const [nics, to] = await Promise.all([named, this.networkOf(departmentId, networkId)]);
    return { askedOf: departmentId, from: nics.find((nic) => nic.portId === portId)?.networkId ?? null, to };
  }

  private async nicsOf(vmId: string): Promise<readonly VmNic[]> {
    return (await this.requests.call(findNics, { vmId })).nics;
  }

  private async networkOf(departmentId: string, networkId: unknown): Promise<string | null> {
    if (typeof networkId !== 'string' || !isUuid(networkId)) return null;
    const selected = await this.requests.call(selectNetwork, { departmentId, networkId }).catch(refused);
    return selected?.networkId ?? null;
  }
}
