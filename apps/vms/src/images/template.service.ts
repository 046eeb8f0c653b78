import { can } from '@infinibay/access-domain';
import { DomainError, nameKey, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { mutateOnce, newId } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, isUniqueViolation, type Transaction } from '../database.js';
import type { Template as TemplateRow } from '../generated/prisma/client.js';
import { CreateTemplate, DeleteTemplate, isUuid } from '../vms/vm.inputs.js';
import { requireImageMinimum } from './image-minimum.js';

/** What a repeated call gets too, when the template is gone by then. */
export interface TemplateFacts {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly diskBytes: number;
}

/** Templates are for administrators to make and to delete. A VM copies what it needs: it outlives its template. */
@Injectable()
export class TemplateService {
  constructor(private readonly database: PrismaClient) {}

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, IMAGE_NOT_FOUND, NAME_TAKEN */
  async create(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    requireAdministrator(actor);
    const { idempotencyKey, ...input } = validateInput(CreateTemplate, rawInput);
    return this.change(actor, 'createTemplate', idempotencyKey, input, (tx) => insert(tx, input));
  }

  /** @throws DomainError FORBIDDEN, INVALID_INPUT, TEMPLATE_NOT_FOUND */
  async delete(actor: Actor, rawInput: unknown): Promise<TemplateFacts> {
    requireAdministrator(actor);
    const { idempotencyKey, ...input } = validateInput(DeleteTemplate, rawInput);
    return this.change(actor, 'deleteTemplate', idempotencyKey, input, async (tx) => {
      const id = isUuid(input.templateId) ? input.templateId : null;
      const row = id === null ? null : await tx.template.findUnique({ where: { id } });
      if (row === null) throw new DomainError('TEMPLATE_NOT_FOUND');
      const { count } = await tx.template.deleteMany({ where: { id: row.id } });
      if (count === 0) throw new DomainError('TEMPLATE_NOT_FOUND');
      return row;
    });
  }

  /** Everybody may see templates: who is no administrator any more still hears FORBIDDEN, as for a new call. */
  private change(
    actor: Actor,
    operation: string,
    key: string,
    input: unknown,
    work: (tx: Transaction) => Promise<TemplateRow>,
  ): Promise<TemplateFacts> {
    return mutateOnce(
      this.database,
      { actorId: actor.userId, key, operation, input },
      {
        prepare: () => async (tx: Transaction) => toFacts(await work(tx)),
        show: (facts: TemplateFacts) => facts,
      },
    );
  }
}

const requireAdministrator = (actor: Actor): void => {
  if (!can(actor, 'administer', { kind: 'platform', departmentId: null })) throw new DomainError('FORBIDDEN');
};

const insert = async (
  tx: Transaction,
  { diskBytes: bytes, ...input }: Omit<CreateTemplate, 'idempotencyKey'>,
): Promise<TemplateRow> => {
  const image = isUuid(input.imageId) ? await tx.image.findUnique({ where: { id: input.imageId } }) : null;
  if (image === null) throw new DomainError('IMAGE_NOT_FOUND');
  const diskBytes = BigInt(bytes);
  requireImageMinimum(image, { memoryMib: input.memoryMib, diskBytes });
  try {
    return await tx.template.create({ data: { id: newId(), ...input, nameKey: nameKey(input.name), diskBytes } });
  } catch (error) {
    if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name: input.name }, { cause: error });
    throw error;
  }
};

const toFacts = ({ id, name, imageId, vcpus, memoryMib, diskBytes }: TemplateRow): TemplateFacts => ({
  id,
  name,
  imageId,
  vcpus,
  memoryMib,
  diskBytes: Number(diskBytes),
});
