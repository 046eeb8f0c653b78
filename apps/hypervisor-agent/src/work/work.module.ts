import { Module } from '@nestjs/common';
import { VmGate } from './vm-gate.js';

@Module({
  providers: [VmGate],
  exports: [VmGate],
})
export class WorkModule {}
