import { DomainError } from '@infinibay/contracts';
import { DEFAULT_HARDWARE, NO_LIMITS, checkedSpec, hardwareOver, outsideLimits } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { requireImageMinimum } from './image-minimum.js';
import { ImageRepository } from './image.repository.js';
import { bytesToGib } from './sizes.js';
import type { SaidOfTemplate } from './template.inputs.js';
import type { TemplateContents } from './template-version.repository.js';

/** From what is said of a version of a template to all that it gives a VM, checked against itself and its image. */
@Injectable()
export class TemplateContentCheck {
  constructor(private readonly images: ImageRepository) {}

  /**
   * Its image is not deleted until the transaction ends.
   * @param departmentId whose template it is; null: it is shared
   * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, INVALID_INPUT
   */
  async contentsOf(tx: Transaction, departmentId: string | null, said: SaidOfTemplate): Promise<TemplateContents> {
    const image = await this.images.keep(tx, said.imageId, departmentId);
    const contents = declared(said);
    const { spec, diskBytes } = contents;
    requireImageMinimum(image, { memoryMib: spec.memoryMib, diskBytes });
    requireOwnLimits(contents);
    return contents;
  }
}

const declared = (said: SaidOfTemplate): TemplateContents => ({
  imageId: said.imageId,
  spec: checkedSpec({
    version: 1,
    vcpus: said.vcpus,
    maxVcpus: said.maxVcpus ?? said.vcpus,
    memoryMib: said.memoryMib,
    maxMemoryMib: said.maxMemoryMib ?? said.memoryMib,
    autostart: said.autostart === true,
    hardware: hardwareOver(DEFAULT_HARDWARE, said.hardware),
  }),
  diskBytes: BigInt(said.diskBytes),
  cloudInit: said.cloudInit,
  limits: said.limits ?? NO_LIMITS,
});

/** What a VM gets that nothing is said of may always be had. @throws DomainError INVALID_INPUT */
const requireOwnLimits = ({ spec, diskBytes, limits }: TemplateContents): void => {
  const issues = outsideLimits(limits, { ...spec, diskGib: bytesToGib(diskBytes) }).map(({ field, min, max }) => ({
    path: field,
    message: `must be within its limits, from ${min ?? 'any'} to ${max ?? 'any'}`,
  }));
  if (issues.length > 0) throw new DomainError('INVALID_INPUT', { issues });
};

/** Whether both give a VM the same, and allow it the same. */
export const isSameContents = (one: TemplateContents, other: TemplateContents): boolean =>
  textOf(one) === textOf(other);

const textOf = ({ imageId, spec, diskBytes, cloudInit, limits }: TemplateContents): string =>
  JSON.stringify([imageId, spec, String(diskBytes), cloudInit, limits]);
