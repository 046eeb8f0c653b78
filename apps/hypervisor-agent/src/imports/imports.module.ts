import { Module } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { DisksModule } from '../disks/disks.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { ImagesModule } from '../images/images.module.js';
import { InventoryModule } from '../inventory/inventory.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { WorkModule } from '../work/work.module.js';
import { ImageAdoption } from './image-adoption.js';
import { ImageDownload } from './image-download.js';
import { ImageFetcher } from './image-fetcher.js';
import { ImageHandlers } from './image.handlers.js';
import { ImageImporting } from './image-importing.js';
import { ImageImports } from './image-imports.js';
import { ImageLibrary } from './image-library.js';
import { ImageRemoval } from './image-removal.js';
import { ImageSource } from './image-source.js';
import { ImageUploads } from './image-uploads.js';
import { ImageUses } from './image-uses.js';
import { LEAST_PACE } from './pace.js';
import { SourcePolicy } from './source-policy.js';

const GIB = 1_073_741_824;
/** Nothing may come for so long; then it is tried again, over a few minutes. */
const IDLE_MS = 30_000;
const PATIENCE = { attempts: 6, firstWaitMs: 1_000, longestWaitMs: 30_000 } as const;

const downloadOf = (config: AgentConfig): ImageDownload => {
  const policy = new SourcePolicy({ ranges: config.IMAGE_SOURCE_RANGES, hosts: config.IMAGE_SOURCE_HOSTS });
  const limits = { maxBytes: config.IMAGE_MAX_GIB * GIB, ...PATIENCE, ...LEAST_PACE };
  return new ImageDownload(new ImageSource(policy, IDLE_MS), limits);
};

@Module({
  imports: [WorkModule, ImagesModule, InventoryModule, DisksModule, DomainsModule, VolumesModule],
  controllers: [ImageHandlers],
  providers: [
    ImageLibrary,
    ImageImports,
    ImageUploads,
    ImageAdoption,
    ImageFetcher,
    ImageImporting,
    ImageUses,
    ImageRemoval,
    { provide: ImageDownload, inject: [AGENT_CONFIG], useFactory: downloadOf },
  ],
  exports: [ImageLibrary, ImageImports, ImageUploads, ImageAdoption, ImageImporting],
})
export class ImportsModule {}
