import { Module } from '@nestjs/common';
import { OperationConnectionResolver } from './operation-connection.resolver.js';
import { OperationRepository } from './operation.repository.js';
import { OperationResolver } from './operation.resolver.js';
import { OperationService } from './operation.service.js';

@Module({
  providers: [OperationRepository, OperationService, OperationResolver, OperationConnectionResolver],
  exports: [OperationRepository, OperationService],
})
export class OperationsModule {}
