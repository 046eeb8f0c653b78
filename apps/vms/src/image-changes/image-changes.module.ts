import { Module } from '@nestjs/common';
import { DepartmentsModule } from '../departments/departments.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { CaptureSource } from './capture-source.js';
import { ImageAcceptance } from './image-acceptance.js';
import { ImageCaptureResolver } from './image-capture.resolver.js';
import { ImageCaptureService } from './image-capture.service.js';
import { ImageChangesService } from './image-changes.service.js';
import { ImageClaimRepository } from './image-claim.repository.js';
import { ImageCopyHost } from './image-copy-host.js';
import { ImageCopyJournal } from './image-copy.journal.js';
import { ImageCopyResolver } from './image-copy.resolver.js';
import { ImageCopyService } from './image-copy.service.js';
import { ImageCopying } from './image-copying.js';
import { ImageHost } from './image-host.js';
import { ImageJournal } from './image.journal.js';
import { ImageMutationResolver } from './image-mutation.resolver.js';
import { ImagePlaceResolver, ImagePlacesResolver } from './image-place.resolver.js';
import { ImagePlacement } from './image-placement.js';
import { ImageReconciler } from './image.reconciler.js';
import { ImageResults } from './image-results.js';
import { ImageUploadRepository } from './image-upload.repository.js';
import { ImageUploadResolver } from './image-upload.resolver.js';
import { ImageUploadService } from './image-upload.service.js';
import { ImageWorker } from './image.worker.js';
import { VmTemplate } from './vm-template.js';

@Module({
  imports: [DepartmentsModule, CatalogModule, HostsModule, OperationsModule, VmsModule, VolumesModule],
  providers: [
    ImageClaimRepository,
    ImageUploadRepository,
    ImageJournal,
    ImageHost,
    ImageCopyJournal,
    ImageCopyHost,
    ImageCopying,
    ImageWorker,
    ImageReconciler,
    ImagePlacement,
    ImageAcceptance,
    ImageChangesService,
    ImageUploadService,
    ImageCopyService,
    CaptureSource,
    VmTemplate,
    ImageCaptureService,
    ImageResults,
    ImageMutationResolver,
    ImageUploadResolver,
    ImageCaptureResolver,
    ImageCopyResolver,
    ImagePlacesResolver,
    ImagePlaceResolver,
  ],
})
export class ImageChangesModule {}
