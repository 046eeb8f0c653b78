import { Module } from '@nestjs/common';
import { ImagesModule } from '../images/images.module.js';
import { ImportsModule } from '../imports/imports.module.js';
import { WorkModule } from '../work/work.module.js';
import { CopyHandlers } from './copy.handlers.js';
import { ImageCopying } from './image-copying.js';
import { ImageOffers } from './image-offers.js';
import { ImageServing } from './image-serving.js';

@Module({
  imports: [WorkModule, ImagesModule, ImportsModule],
  controllers: [CopyHandlers],
  providers: [ImageOffers, ImageServing, ImageCopying],
  exports: [ImageServing],
})
export class CopiesModule {}
