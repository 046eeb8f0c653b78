import { DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { decidePlacement, refusedPlacement, type Decision, type PlacementSettings } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { requireImageMinimum } from '../catalog/image-minimum.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { TemplateRepository } from '../catalog/template.repository.js';
import type { Transaction } from '../database.js';
import type { Image, Template } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { PLACEMENT_SETTINGS } from '../placement/placement-settings.js';
import { PlacementRepository } from '../placement/placement.repository.js';
import { NeighbourChecks } from './neighbour-checks.js';
import type { CreateVm, PlannedVm } from './vm.inputs.js';

/** What a VM will be, with all that the client left out. */
export interface WantedVm {
  readonly image: Image;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskBytes: bigint;
}

export interface Placement extends WantedVm {
  readonly hostId: string;
  readonly decision: Decision;
}

/** From what a client asks for to an image, sizes, a host and a network. */
@Injectable()
export class VmPlacement {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly images: ImageRepository,
    private readonly templates: TemplateRepository,
    private readonly neighbours: NeighbourChecks,
    private readonly placements: PlacementRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /** As NeighbourChecks says. */
  selectNetwork(actor: Actor, input: Pick<CreateVm, 'departmentId' | 'networkId'>): Promise<string | null> {
    return this.neighbours.selectNetwork(actor, input);
  }

  /**
   * One placement at a time, so that two creates cannot both take the last memory of a host.
   * @throws DomainError IMAGE_NOT_FOUND, TEMPLATE_NOT_FOUND, INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async place(tx: Transaction, input: PlannedVm): Promise<Placement> {
    await this.fleet.lock(tx);
    const wanted = await this.wanted(tx, input);
    const request = { ...wanted, imageId: wanted.image.id };
    const hosts = await this.fleet.candidates(tx, [request.imageId]);
    const decision = decidePlacement(hosts, request, this.settings);
    if (decision.hostId === null) throw refusedPlacement(decision, hosts, request, this.settings);
    return { ...wanted, hostId: decision.hostId, decision };
  }

  /** Keeps with the VM why it is where it is. */
  async keep(tx: Transaction, vmId: string, { decision }: Placement): Promise<void> {
    await this.placements.keep(tx, vmId, decision);
  }

  /** @throws DomainError IMAGE_NOT_FOUND, TEMPLATE_NOT_FOUND, INVALID_INPUT */
  async wanted(tx: Transaction, input: PlannedVm): Promise<WantedVm> {
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
