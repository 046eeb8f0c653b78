import { Module } from '@nestjs/common';
import { HostCommand } from './host-command.js';
import { KernelRulesReader } from './kernel-rules.reader.js';

@Module({
  providers: [HostCommand, KernelRulesReader],
  exports: [HostCommand, KernelRulesReader],
})
export class KernelModule {}
