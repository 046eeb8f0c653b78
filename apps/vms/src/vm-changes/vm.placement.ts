import { DomainError, type VmSizes } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { chooseHost, resized, sizesOfSpec, specOfSizes } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { requireImageMinimum } from '../catalog/image-minimum.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { TemplateRepository } from '../catalog/template.repository.js';
import type { Transaction } from '../database.js';
import type { Image, Template, Vm as VmRow } from '../generated/prisma/client.js';
import { HostRepository } from '../hosts/host.repository.js';
import { sizesOf } from '../vms/vm-spec.js';
import type { CreateVm } from './vm.inputs.js';

export interface Placement {
  readonly image: Image;
  readonly hostId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly maxVcpus: number;
  readonly maxMemoryMib: number;
  readonly diskBytes: bigint;
}

/** From what a client asks for to an image, sizes and a host. */
@Injectable()
export class VmPlacement {
  constructor(
    private readonly hosts: HostRepository,
    private readonly images: ImageRepository,
    private readonly templates: TemplateRepository,
  ) {}

  /**
   * One placement at a time, so that two creates cannot both take the last memory of a host.
   * @throws DomainError IMAGE_NOT_FOUND, TEMPLATE_NOT_FOUND, INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async place(tx: Transaction, input: CreateVm): Promise<Placement> {
    await this.hosts.lockPlacement(tx);
    const wanted = await this.sizes(tx, input);
    const { maxVcpus, maxMemoryMib } = wanted;
    const room = { vcpus: maxVcpus, memoryMib: maxMemoryMib };
    const host = chooseHost(await this.hosts.candidates(tx, wanted.image.id), room);
    return { ...wanted, hostId: host.hostId };
  }

  /**
   * Whether a VM may have other sizes where it is: its host keeps for it what its guest may take. What it has already is
   * not asked for again, and nothing is asked of the host, which may be away.
   * @throws DomainError INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async requireRoom(tx: Transaction, vm: VmRow, sizes: VmSizes): Promise<void> {
    const image = await this.image(tx, vm.imageId);
    requireImageMinimum(image, { memoryMib: sizes.memoryMib, diskBytes: image.virtualSizeBytes });
    const promisedMib = vm.memoryMib + vm.reservedMib;
    const more = {
      memoryMib: sizes.maxMemoryMib > promisedMib ? sizes.maxMemoryMib : 0,
      vcpus: sizes.maxVcpus > sizesOf(vm).maxVcpus ? sizes.maxVcpus : 0,
    };
    if (more.memoryMib === 0 && more.vcpus === 0) return;
    await this.hosts.lockPlacement(tx);
    const hosts = (await this.hosts.candidates(tx, vm.imageId)).filter(({ hostId }) => hostId === vm.hostId);
    const own = hosts.map((host) => ({
      ...host,
      online: true,
      hasImage: true,
      committedMib: more.memoryMib === 0 ? 0 : host.committedMib - promisedMib,
    }));
    chooseHost(own, more);
  }

  private async sizes(tx: Transaction, input: CreateVm): Promise<Omit<Placement, 'hostId'>> {
    const template = input.templateId === null ? null : await this.template(tx, input.templateId);
    const image = await this.image(tx, template?.imageId ?? input.imageId ?? '');
    const memoryMib = input.memoryMib ?? template?.memoryMib ?? image.minMemoryMib;
    const diskBytes =
      input.diskBytes === null ? (template?.diskBytes ?? image.virtualSizeBytes) : BigInt(input.diskBytes);
    requireImageMinimum(image, { memoryMib, diskBytes });
    const vcpus = input.vcpus ?? template?.vcpus ?? 1;
    const { maxVcpus, maxMemoryMib } = input;
    const size = specOfSizes({ vcpus, maxVcpus: vcpus, memoryMib, maxMemoryMib: memoryMib });
    return { image, diskBytes, ...sizesOfSpec(resized(size, { vcpus, memoryMib, maxVcpus, maxMemoryMib })) };
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
