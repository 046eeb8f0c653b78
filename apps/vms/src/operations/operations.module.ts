import { Module } from '@nestjs/common';
import { OperationRepository } from './operation.repository.js';
import { OperationResolver } from './operation.resolver.js';

@Module({
  providers: [OperationRepository, OperationResolver],
  exports: [OperationRepository],
})
export class OperationsModule {}
