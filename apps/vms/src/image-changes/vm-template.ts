import { NO_LIMITS, specOfSizes } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { TemplateVersionRepository, type TemplateContents } from '../catalog/template-version.repository.js';
import { TemplateRepository } from '../catalog/template.repository.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { hardwareOf } from '../vms/vm-hardware.js';
import { sizesOf } from '../vms/vm-spec.js';

/** What its VM does not say. */
interface SaidOfIt {
  readonly imageId: string;
  readonly name: string;
  readonly actorId: string;
}

/**
 * The template of a VM whose image is being made. It is there from the acceptance on, which keeps its name; no VM is made of
 * it before the image is READY, and it goes with an image that does not come about.
 */
@Injectable()
export class VmTemplate {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly versions: TemplateVersionRepository,
  ) {}

  /** @param vm locked @returns its id @throws DomainError NAME_TAKEN, TOO_MANY_TEMPLATES */
  async make(tx: Transaction, vm: VmRow, said: SaidOfIt): Promise<string> {
    const { imageId, name, actorId } = said;
    const { departmentId, vcpus, memoryMib, diskBytes } = vm;
    const row = await this.templates.create(tx, { name, departmentId, imageId, vcpus, memoryMib, diskBytes });
    await this.versions.add(tx, { templateId: row.id, number: row.version }, contentsOf(vm, imageId), actorId);
    return row.id;
  }

  /** Of an image that was never READY: nothing else can have it. */
  giveUp(tx: Transaction, imageId: string): Promise<void> {
    return this.templates.deleteOf(tx, imageId);
  }
}

/** Cards are of one VM, and what cloud-init finds, with its keys and password, is of one user: neither is taken over. */
const contentsOf = (vm: VmRow, imageId: string): TemplateContents => ({
  imageId,
  spec: specOfSizes(sizesOf(vm), vm.autostart, {}, hardwareOf(vm)),
  diskBytes: vm.diskBytes,
  cloudInit: null,
  limits: NO_LIMITS,
});
