import { DomainError, IMPORTED_IMAGE_VERSION, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { isUuid } from '@infinibay/platform-subgraph';
import { UNKNOWN_SHA256 } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Transaction } from '../database.js';
import type { Image as ImageRow, Vm as VmRow } from '../generated/prisma/client.js';
import { CaptureSource } from './capture-source.js';
import { ImageAcceptance, type AcceptedImage } from './image-acceptance.js';
import { ImageOfVm } from './image.inputs.js';
import { ImagePlacement } from './image-placement.js';
import { VmTemplate } from './vm-template.js';

/** Accepts images that are made of VMs, which are off meanwhile. */
@Injectable()
export class ImageCaptureService {
  constructor(
    private readonly images: ImageRepository,
    private readonly sources: CaptureSource,
    private readonly placement: ImagePlacement,
    private readonly acceptance: ImageAcceptance,
    private readonly template: VmTemplate,
  ) {}

  /** @throws DomainError INVALID_INPUT, what CaptureSource throws, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL, IMAGE_LIMIT_REACHED, NAME_TAKEN */
  create(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    return this.accept(actor, 'createImageFromVm', rawInput);
  }

  /** With a template that is as the VM is, and has the name of the image. @throws DomainError what create throws, TOO_MANY_TEMPLATES */
  convert(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    return this.accept(actor, 'convertVmToTemplate', rawInput);
  }

  private accept(
    actor: Actor,
    operation: 'createImageFromVm' | 'convertVmToTemplate',
    rawInput: unknown,
  ): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(ImageOfVm, rawInput);
    // The image does not say of which VM it is: the audit does.
    const verb = isUuid(input.vmId) ? `${operation}:${input.vmId}` : operation;
    return this.acceptance.accept({ actor, key, operation, verb, input }, async (tx) => {
      const vm = await this.sources.lock(tx, actor, input.vmId);
      // Its disk is there, and nowhere else. How much is written of it only that host knows, which looks again.
      await this.placement.place(tx, vm.hostId);
      await this.acceptance.requireRoom(tx, vm.departmentId);
      const image = await this.write(tx, actor, vm, input.name);
      const accepted = await this.acceptance.journal(tx, image, null, { actor, key, kind: 'CAPTURE_IMAGE' });
      if (operation === 'createImageFromVm') return accepted;
      const said = { imageId: image.id, name: input.name, actorId: actor.userId };
      return { ...accepted, answer: { ...accepted.answer, templateId: await this.template.make(tx, vm, said) } };
    });
  }

  /** It is what the image of the VM is, but for what the VM has written. @throws DomainError NAME_TAKEN */
  private async write(tx: Transaction, actor: Actor, vm: VmRow, name: string): Promise<ImageRow> {
    const { id: sourceVmId, hostId, departmentId, imageId } = vm;
    const base = await this.images.find(tx, imageId);
    if (base === null) throw new DomainError('INTERNAL', { imageId, reason: 'the image of a VM has no row' });
    const { osFamily } = base;
    // It has run with what it has.
    const minMemoryMib = Math.min(base.minMemoryMib, vm.memoryMib);
    return this.images.create(tx, {
      id: newId(),
      name,
      departmentId,
      osFamily,
      minMemoryMib,
      version: IMPORTED_IMAGE_VERSION,
      importedById: actor.userId,
      hostId,
      sourceVmId,
      format: 'qcow2',
      sha256: UNKNOWN_SHA256,
      virtualSizeBytes: 0n,
      state: 'CAPTURING',
      reconcileAt: await databaseNow(tx),
    });
  }
}
