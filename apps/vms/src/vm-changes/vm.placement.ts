import { DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { chooseHost } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { requireImageMinimum } from '../catalog/image-minimum.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { TemplateRepository } from '../catalog/template.repository.js';
import type { Transaction } from '../database.js';
import type { Image, Template } from '../generated/prisma/client.js';
import { HostRepository } from '../hosts/host.repository.js';
import { NeighbourChecks } from './neighbour-checks.js';
import type { CreateVm } from './vm.inputs.js';

export interface Placement {
  readonly image: Image;
  readonly hostId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskBytes: bigint;
}

/** From what a client asks for to an image, sizes, a host and a network. */
@Injectable()
export class VmPlacement {
  constructor(
    private readonly hosts: HostRepository,
    private readonly images: ImageRepository,
    private readonly templates: TemplateRepository,
    private readonly neighbours: NeighbourChecks,
  ) {}

  /** As NeighbourChecks says. */
  selectNetwork(actor: Actor, input: Pick<CreateVm, 'departmentId' | 'networkId'>): Promise<string | null> {
    return this.neighbours.selectNetwork(actor, input);
  }

  /**
   * One placement at a time, so that two creates cannot both take the last memory of a host.
   * @throws DomainError IMAGE_NOT_FOUND, TEMPLATE_NOT_FOUND, INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async place(tx: Transaction, input: CreateVm): Promise<Placement> {
    await this.hosts.lockPlacement(tx);
    const wanted = await this.sizes(tx, input);
    const host = chooseHost(await this.hosts.candidates(tx, wanted.image.id), wanted);
    return { ...wanted, hostId: host.hostId };
  }

  private async sizes(tx: Transaction, input: CreateVm): Promise<Omit<Placement, 'hostId'>> {
    const template = input.templateId === null ? null : await this.template(tx, input.templateId);
    const image = await this.image(tx, template?.imageId ?? input.imageId ?? '');
    const memoryMib = input.memoryMib ?? template?.memoryMib ?? image.minMemoryMib;
    const diskBytes =
      input.diskBytes === null ? (template?.diskBytes ?? image.virtualSizeBytes) : BigInt(input.diskBytes);
    requireImageMinimum(image, { memoryMib, diskBytes });
    return { image, vcpus: input.vcpus ?? template?.vcpus ?? 1, memoryMib, diskBytes };
  }

  private async template(tx: Transaction, id: string): Promise<Template> {
    const template = isUuid(id) ? await this.templates.find(tx, id) : null;
    if (template === null) throw new DomainError('TEMPLATE_NOT_FOUND');
    return template;
  }

  private async image(tx: Transaction, id: string): Promise<Image> {
    const image = isUuid(id) ? await this.images.find(tx, id) : null;
    if (image === null) throw new DomainError('IMAGE_NOT_FOUND');
    return image;
  }
}
