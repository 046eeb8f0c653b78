import { Module } from '@nestjs/common';
import { ClonesModule } from '../clones/clones.module.js';
import { DisksModule } from '../disks/disks.module.js';
import { ImagesModule } from '../images/images.module.js';
import { ImportsModule } from '../imports/imports.module.js';
import { WorkModule } from '../work/work.module.js';
import { CaptureHandlers } from './capture.handlers.js';
import { ImageCapturing } from './image-capturing.js';

@Module({
  imports: [WorkModule, ImagesModule, DisksModule, ImportsModule, ClonesModule],
  controllers: [CaptureHandlers],
  providers: [ImageCapturing],
})
export class CapturesModule {}
