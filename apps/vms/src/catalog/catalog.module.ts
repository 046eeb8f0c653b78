import { Module } from '@nestjs/common';
import { ImageRepository } from './image.repository.js';
import { ImageResolver } from './image.resolver.js';
import { TemplateRepository } from './template.repository.js';
import { TemplateResolver } from './template.resolver.js';
import { TemplateService } from './template.service.js';

@Module({
  providers: [ImageRepository, TemplateRepository, TemplateService, ImageResolver, TemplateResolver],
  exports: [ImageRepository, TemplateRepository],
})
export class CatalogModule {}
