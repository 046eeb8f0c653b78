import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { parseSortedPage, sortedPageInfo, type PageArgs } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { changesBetweenSpecs, checkedSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { toChange, toRevision } from './vm-revision.mapper.js';
import type { VmRevisionConnection, VmSpecChange } from './vm-revision.model.js';
import { VmRevisionRepository } from './vm-revision.repository.js';
import { VmRepository } from './vm.repository.js';

const NEWEST_FIRST = { field: 'NUMBER', direction: 'DESC' } as const;
const MAX_NUMBER = 2_147_483_647;

/** Revisions as their readers see them. */
@Injectable()
export class VmRevisionService {
  constructor(
    private readonly vms: VmRepository,
    private readonly revisions: VmRevisionRepository,
  ) {}

  /** @throws DomainError VM_NOT_FOUND, INVALID_INPUT */
  async page(actor: Actor, vmId: string, args: PageArgs): Promise<VmRevisionConnection> {
    const page = parseSortedPage(args, NEWEST_FIRST, z.int().min(1).max(MAX_NUMBER));
    const vm = await this.vm(actor, vmId);
    const before = page.after === undefined ? undefined : Number(page.after.value);
    const rows = await this.revisions.page(vm, page.first, before);
    const positions = rows.map(({ number }) => ({ value: number, id: vm.id }));
    return {
      nodes: rows.slice(0, page.first).map(toRevision),
      totalCount: vm.revision,
      pageInfo: sortedPageInfo(positions, page, NEWEST_FIRST),
    };
  }

  /** @throws DomainError VM_NOT_FOUND, REVISION_NOT_FOUND */
  async compare(actor: Actor, vmId: string, from: number, to: number): Promise<VmSpecChange[]> {
    const vm = await this.vm(actor, vmId);
    const [before, after] = await Promise.all([from, to].map((number) => this.revisions.find(vm, number)));
    if (!before || !after) throw new DomainError('REVISION_NOT_FOUND', { from, to, newest: vm.revision });
    return changesBetweenSpecs(checkedSpec(before.spec), checkedSpec(after.spec)).map(toChange);
  }

  private async vm(actor: Actor, id: string): Promise<VmRow> {
    const vm = isUuid(id) ? await this.vms.find(id, readableDepartments(actor)) : null;
    if (vm === null) throw new DomainError('VM_NOT_FOUND');
    return vm;
  }
}
