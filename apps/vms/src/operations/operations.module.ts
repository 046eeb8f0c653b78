import { Module } from '@nestjs/common';
import { OperationRepository } from './operation.repository.js';
import { OperationResolver } from './operation.resolver.js';
import { OperationService } from './operation.service.js';

@Module({
  providers: [OperationRepository, OperationService, OperationResolver],
  exports: [OperationRepository],
})
export class OperationsModule {}
