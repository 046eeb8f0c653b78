import type { Actor } from '@infinibay/contracts';
import { connectionOf, parsePage, type CountedLater, type PageArgs } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import type { BulkResultStatus } from '../generated/prisma/enums.js';
import { visibleOperations } from '../operations/operation.service.js';
import type { BulkResult } from './bulk-result.model.js';
import { BulkResultRepository } from './bulk-result.repository.js';

/** Results of bulk requests as their readers see them. */
@Injectable()
export class BulkResultService {
  constructor(private readonly results: BulkResultRepository) {}

  /** Of an operation that the actor may see. @throws DomainError INVALID_INPUT */
  async page(
    actor: Actor,
    operationId: string,
    args: PageArgs,
    statuses: readonly BulkResultStatus[] | null,
  ): Promise<CountedLater<BulkResult>> {
    const page = parsePage(args);
    const readable = { operationId, scope: visibleOperations(actor), statuses };
    const rows = await this.results.page(readable, page);
    const { nodes, pageInfo } = connectionOf(
      rows.map((row) => ({ ...row, id: row.vmId })),
      page,
      0,
    );
    return { nodes, pageInfo, count: () => this.results.count(readable) };
  }
}
