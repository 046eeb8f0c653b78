import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import {
  DEFAULT_HARDWARE,
  checkedHardware,
  claimsBeside,
  hardwareDifferences,
  hardwareOver,
  isDefaultHardware,
  isDefaultMachine,
  isTuned,
  requireWithinLimits,
  sizesOver,
  specOfSizes,
  type DeclaredHardware,
  type HostCandidate,
  type PlacementRequest,
  type VmGroup,
  type VmSpec,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { requireImageMinimum } from '../catalog/image-minimum.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { bytesToGib } from '../catalog/sizes.js';
import { TemplateChoice } from '../catalog/template-choice.js';
import type { KeptVersion } from '../catalog/template-version.repository.js';
import { isDisc, requireSource, requireUsable } from '../catalog/usable-image.js';
import type { Transaction } from '../database.js';
import type { Image, Vm as VmRow } from '../generated/prisma/client.js';
import { PlacementRepository } from '../placement/placement.repository.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { definedHardwareOf, hardwareOf, ordinaryMibOf } from '../vms/vm-hardware.js';
import { sizesOf } from '../vms/vm-spec.js';
import { CopyingFleet } from './copying-fleet.js';
import { HostChoice, type Chosen } from './host-choice.js';
import type { PlannedVm } from './vm.inputs.js';

/** What a VM will be, with all that the client left out. */
export interface WantedVm {
  readonly image: Image;
  /** null: it is made without one, or of another VM. */
  readonly template: KeptVersion | null;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly maxVcpus: number;
  readonly maxMemoryMib: number;
  readonly diskBytes: bigint;
  readonly hardware: DeclaredHardware;
}

export interface Placement extends WantedVm, Chosen {}

/** From what a client asks for to an image, sizes and a host. */
@Injectable()
export class VmPlacement {
  constructor(
    private readonly choice: HostChoice,
    private readonly fleet: CopyingFleet,
    private readonly images: ImageRepository,
    private readonly templates: TemplateChoice,
    private readonly placements: PlacementRepository,
    private readonly members: GroupMemberRepository,
  ) {}

  /**
   * One placement at a time, so that two creates cannot both take the last memory of a host. The groups that the VM shall
   * be in are locked until the transaction ends: it is put into them in that.
   * @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST, PLACEMENT_GROUP_NOT_FOUND, PLACEMENT_GROUP_FULL, and what
   * wanted() throws
   */
  async place(tx: Transaction, input: PlannedVm): Promise<Placement> {
    await this.choice.begin(tx);
    const wanted = await this.wanted(tx, input);
    // From here on nobody deletes it: who was about to has done so, and it is refused.
    await this.images.keepSource(tx, wanted.image.id, input.departmentId);
    const groups = await this.members.lockNamed(tx, input.departmentId, input.placementGroupIds ?? []);
    return { ...wanted, ...(await this.choice.choose(tx, requestOf(wanted, input, groups))) };
  }

  /**
   * The same for a VM that is as another is: its disk is made of that one's, which only its own host has. It is in none of
   * the groups of that.
   * @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async placeBeside(tx: Transaction, source: VmRow): Promise<Placement> {
    await this.choice.begin(tx);
    const { imageId, diskBytes } = source;
    const [sizes, hardware] = [sizesOf(source), hardwareOf(source)];
    const wanted = { ...sizes, hardware, image: await this.image(tx, imageId), template: null, diskBytes };
    const chosen = await this.choice.choose(
      tx,
      requestOf(wanted, { imageCopies: 'NEVER' }, []),
      ({ hostId }) => hostId === source.hostId,
    );
    return { ...wanted, ...chosen };
  }

  /**
   * The same for a VM that shall be on another host. Its groups are locked until the transaction ends: where it goes is
   * written in that.
   * @param vm locked
   * @param hostId which; null: the best one
   * @throws DomainError HOST_NOT_FOUND, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async placeElsewhere(tx: Transaction, vm: VmRow, hostId: string | null): Promise<string> {
    await this.choice.begin(tx);
    const known = await this.fleet.candidates(tx, []);
    if (hostId !== null && !known.some((host) => host.hostId === hostId)) throw new DomainError('HOST_NOT_FOUND');
    const request = requestElsewhere(vm, await this.members.lockOfVm(tx, vm.id));
    const isMeant = (host: HostCandidate): boolean =>
      hostId === null ? host.hostId !== vm.hostId : host.hostId === hostId;
    return (await this.choice.choose(tx, request, isMeant)).hostId;
  }

  /** Keeps with the VM why it is where it is. */
  async keep(tx: Transaction, vmId: string, { decision }: Placement): Promise<void> {
    await this.placements.keep(tx, vmId, decision);
  }

  /**
   * Whether a VM may have other sizes where it is: its host keeps for it what its guest may take. What it has already is
   * not asked for again, and nothing is asked of the host, which may be away. Huge pages are no part of it.
   * @throws DomainError INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async requireRoom(tx: Transaction, vm: VmRow, spec: VmSpec): Promise<void> {
    const image = await this.image(tx, vm.imageId);
    requireImageMinimum(image, { memoryMib: spec.memoryMib, diskBytes: image.virtualSizeBytes });
    const promised = { memoryMib: ordinaryMibOf(vm), vcpus: sizesOf(vm).maxVcpus };
    const wantedMib = spec.hardware.hugePages === 'NONE' ? spec.maxMemoryMib : 0;
    const request = {
      imageId: vm.imageId,
      memoryMib: wantedMib > promised.memoryMib ? wantedMib : 0,
      vcpus: spec.maxVcpus > promised.vcpus ? spec.maxVcpus : 0,
      // What it is made of it has already, and its groups are as they are.
      hardware: DEFAULT_HARDWARE,
      vmId: vm.id,
      groups: [],
    };
    if (request.memoryMib === 0 && request.vcpus === 0) return;
    await this.choice.begin(tx);
    const own = (await this.ownHost(tx, vm)).map((host) => ({
      ...host,
      committedMib: request.memoryMib === 0 ? 0 : host.committedMib - promised.memoryMib,
      committedVcpus: request.vcpus === 0 ? 0 : host.committedVcpus - promised.vcpus,
    }));
    this.choice.among(own, request);
  }

  /**
   * Whether it may be made of something else where it is, by what its host last told: that may be away. Of huge pages there
   * have to be as many as it will take, and other memory when it gives them up.
   * @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST, UNSUPPORTED_BY_DRIVER when the host's agent has never told
   */
  async requireHardware(tx: Transaction, vm: VmRow, spec: VmSpec): Promise<void> {
    const { hardware, maxMemoryMib } = spec;
    const before = hardwareOf(vm);
    const takesPages = hardware.hugePages !== 'NONE';
    const takesMorePages = takesPages && maxMemoryMib > sizesOf(vm).maxMemoryMib;
    const areOtherPages = hardwareDifferences(pagesIn(before), pagesIn(hardware)).length > 0;
    if (hardwareDifferences(before, hardware).length === 0 && !takesMorePages) return;
    if (before.hugePages !== 'NONE' && !takesPages) await this.requireRoom(tx, vm, spec);
    if (isDefaultHardware(hardware)) return;
    if (takesPages) await this.fleet.lock(tx);
    const own = (await this.ownHost(tx, vm)).map((host) => ({ ...host, committedMib: 0, committedVcpus: 0 }));
    if (!own.some((host) => tellsOf(host, hardware))) {
      const message = 'The agent of the host is older than such a choice of hardware, or has not told of it yet';
      throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id }, { message });
    }
    // What it is promised already it keeps, also while its host tells too few: it has been off for a moment only.
    const hasItsPages = takesPages && !takesMorePages && !areOtherPages;
    const wanted: DeclaredHardware = hasItsPages ? { ...hardware, hugePages: 'NONE', numaNodes: [] } : hardware;
    const memoryMib = wanted.hugePages === 'NONE' ? 0 : maxMemoryMib;
    this.choice.among(own, { imageId: vm.imageId, memoryMib, vcpus: 0, hardware: wanted, vmId: vm.id, groups: [] });
  }

  /** Where it is already, by what only some VMs can have there. */
  private async ownHost(tx: Transaction, vm: VmRow): Promise<HostCandidate[]> {
    const hosts = (await this.fleet.candidates(tx, [])).filter(({ hostId }) => hostId === vm.hostId);
    const own = { online: true, inMaintenance: false, filters: true, images: new Set([vm.imageId]) };
    return hosts.map((host) => ({ ...host, ...own, pageClaims: claimsBeside(host.pageClaims, vm.id) }));
  }

  /** @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, TEMPLATE_NOT_FOUND, TEMPLATE_VERSION_NOT_FOUND, TEMPLATE_LIMIT, INVALID_INPUT */
  async wanted(tx: Transaction, input: PlannedVm): Promise<WantedVm> {
    const { departmentId, templateId, templateVersion } = input;
    const template =
      templateId === null ? null : await this.templates.find(tx, { departmentId, templateId, templateVersion });
    const named = await this.image(tx, template?.imageId ?? input.imageId ?? '');
    const image = template === null ? requireSource(named, departmentId) : requireUsable(named, departmentId);
    const sizes = sizesOver(template?.spec ?? smallestOf(image), input);
    const diskBytes = diskBytesOf(image, input.diskBytes, template?.diskBytes ?? null);
    requireImageMinimum(image, { memoryMib: sizes.memoryMib, diskBytes });
    if (template !== null) requireWithinLimits(template.limits, { ...sizes, diskGib: bytesToGib(diskBytes) });
    const made = template?.spec.hardware ?? (isDisc(image) ? INSTALLED_HARDWARE : DEFAULT_HARDWARE);
    const hardware = checkedHardware(hardwareOver(made, input.hardware), sizes);
    return { image, template, diskBytes, hardware, ...sizes };
  }

  private async image(tx: Transaction, id: string): Promise<Image> {
    const image = isUuid(id) ? await this.images.find(tx, id) : null;
    if (image === null) throw new DomainError('IMAGE_NOT_FOUND');
    return image;
  }
}

/**
 * What a host would have to have for a new VM. Where none has the image it may be copied to one, unless that is not wanted.
 * @param groups that it shall be in
 */
export const requestOf = (
  wanted: WantedVm,
  { imageCopies }: Pick<PlannedVm, 'imageCopies'>,
  groups: readonly VmGroup[],
): PlacementRequest => ({
  imageId: wanted.image.id,
  imageCopies: imageCopies ?? 'WHEN_NEEDED',
  vcpus: wanted.maxVcpus,
  memoryMib: wanted.maxMemoryMib,
  hardware: wanted.hardware,
  vmId: null,
  groups,
});

/** What another host would have to have for a VM that goes there: what its own keeps for it. @param groups of the VM */
export const requestElsewhere = (vm: VmRow, groups: readonly VmGroup[]): PlacementRequest => ({
  imageId: vm.imageId,
  vcpus: sizesOf(vm).maxVcpus,
  memoryMib: vm.memoryMib + vm.reservedMib,
  hardware: hardwareOf(vm),
  // What comes there was made by that, also of one that is off.
  definedHardware: definedHardwareOf(vm),
  vmId: vm.id,
  groups,
});

/** What says which pages of its host a VM has; nothing else of it. */
const pagesIn = ({ hugePages, numaNodes }: DeclaredHardware): DeclaredHardware => ({
  ...DEFAULT_HARDWARE,
  hugePages,
  numaNodes,
});

/** Whether the agent of a host is new enough to say whether it can make that. */
const tellsOf = ({ hardware, tuning }: HostCandidate, wanted: DeclaredHardware): boolean =>
  (hardware !== null || isDefaultMachine(wanted)) && (tuning !== null || !isTuned(wanted));

/** The disk is empty until something is installed on it: from then on it is the one that is booted. */
const INSTALLED_HARDWARE: DeclaredHardware = { ...DEFAULT_HARDWARE, bootOrder: ['DISK', 'CDROM'] };

/** @param said null: nothing @param ofTemplate null: there is none @throws DomainError INVALID_INPUT: an ISO says nothing of it */
const diskBytesOf = (image: Image, said: number | null, ofTemplate: bigint | null): bigint => {
  if (said !== null) return BigInt(said);
  if (!isDisc(image)) return ofTemplate ?? image.virtualSizeBytes;
  const issues = [{ path: 'diskGib', message: 'must be given for what is installed from an ISO' }];
  throw new DomainError('INVALID_INPUT', { issues });
};

/** What an image gets of which nothing is said. */
const smallestOf = ({ minMemoryMib }: Image): VmSpec =>
  specOfSizes({ vcpus: 1, maxVcpus: 1, memoryMib: minMemoryMib, maxMemoryMib: minMemoryMib });
