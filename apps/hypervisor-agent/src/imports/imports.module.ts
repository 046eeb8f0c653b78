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
import { ImageSource, SOURCE_IDLE_MS } from './image-source.js';
import { ImageUploads } from './image-uploads.js';
import { ImageUses } from './image-uses.js';
import { LEAST_PACE } from './pace.js';
import { SourcePolicy } from './source-policy.js';

const GIB = 1_073_741_824;
/** It is tried again over a few minutes. */
const PATIENCE = { attempts: 6, firstWaitMs: 1_000, longestWaitMs: 30_000 } as const;

const sourceOf = ({ IMAGE_SOURCE_RANGES: ranges, IMAGE_SOURCE_HOSTS: hosts }: AgentConfig): ImageSource =>
  new ImageSource(new SourcePolicy({ ranges, hosts }), SOURCE_IDLE_MS);

const downloadOf = ({ IMAGE_MAX_GIB }: AgentConfig): ImageDownload =>
  new ImageDownload({ maxBytes: IMAGE_MAX_GIB * GIB, ...PATIENCE, ...LEAST_PACE });

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
    { provide: ImageSource, inject: [AGENT_CONFIG], useFactory: sourceOf },
    { provide: ImageDownload, inject: [AGENT_CONFIG], useFactory: downloadOf },
  ],
  exports: [ImageLibrary, ImageImports, ImageUploads, ImageAdoption, ImageDownload, ImageImporting],
})
export class ImportsModule {}
