import { clientOptions, type DatabaseSettings } from '@infinibay/platform-persistence';
import { StateChange } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Prisma } from './generated/prisma/client.js';

export { PrismaClient };
export type Transaction = Prisma.TransactionClient;

export const createDatabase = (settings: DatabaseSettings): PrismaClient =>
  new PrismaClient(clientOptions(settings, 'vms'));

/** The one way in which the service changes its tables. */
@Injectable()
export class Change extends StateChange<Transaction> {}
