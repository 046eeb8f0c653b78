import { clientOptions, type DatabaseSettings } from '@infinibay/platform-persistence';
import { StateChange } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Prisma } from './generated/prisma/client.js';

/** The service's own tables. */
export class Database extends PrismaClient {
  constructor(settings: DatabaseSettings) {
    super(clientOptions(settings, 'networks'));
  }
}

/** The client or one of its transactions: what repositories work with. */
export type Transaction = Prisma.TransactionClient;

/** The one way in which the service changes its tables. */
@Injectable()
export class Change extends StateChange<Transaction> {}
