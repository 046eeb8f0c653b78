import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { ImagesModule } from '../images/images.module.js';
import { WorkModule } from '../work/work.module.js';
import { DiskCheck } from './disk-check.js';
import { DiskCopies } from './disk-copies.js';
import { DiskWatch } from './disk-watch.js';
import { DiskService } from './disk.service.js';

@Module({
  imports: [WorkModule, ImagesModule, DomainsModule],
  providers: [DiskService, DiskCopies, DiskCheck, DiskWatch],
  exports: [DiskService, DiskCopies],
})
export class DisksModule {}
