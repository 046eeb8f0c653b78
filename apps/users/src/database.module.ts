import { AuditLog } from '@infinibay/platform-subgraph';
import { Module } from '@nestjs/common';
import { Change } from './database.js';

/** How every feature changes the service's tables. */
@Module({ providers: [AuditLog, Change], exports: [AuditLog, Change] })
export class DatabaseModule {}
