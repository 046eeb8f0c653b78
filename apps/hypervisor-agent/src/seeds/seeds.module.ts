import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { WorkModule } from '../work/work.module.js';
import { SeedHandlers } from './seed.handlers.js';
import { SeedService } from './seed.service.js';

@Module({
  imports: [WorkModule, DomainsModule],
  controllers: [SeedHandlers],
  providers: [SeedService],
  exports: [SeedService],
})
export class SeedsModule {}
