import { Module } from '@nestjs/common';
import { DepartmentsModule } from '../departments/departments.module.js';
import { ImageRepository } from './image.repository.js';
import { ImageResolver } from './image.resolver.js';
import { TemplateChoice } from './template-choice.js';
import { TemplateContentCheck } from './template-contents.js';
import { TemplateVersionRepository } from './template-version.repository.js';
import {
  TemplateUserDataResolver,
  TemplateVersionResolver,
  TemplateVersionsResolver,
} from './template-version.resolver.js';
import { TemplateVersionService } from './template-version.service.js';
import { TemplateRepository } from './template.repository.js';
import { TemplateResolver } from './template.resolver.js';
import { TemplateService } from './template.service.js';

@Module({
  imports: [DepartmentsModule],
  providers: [
    ImageRepository,
    ImageResolver,
    TemplateRepository,
    TemplateVersionRepository,
    TemplateContentCheck,
    TemplateChoice,
    TemplateService,
    TemplateVersionService,
    TemplateResolver,
    TemplateVersionsResolver,
    TemplateVersionResolver,
    TemplateUserDataResolver,
  ],
  exports: [ImageRepository, TemplateRepository, TemplateVersionRepository, TemplateChoice],
})
export class CatalogModule {}
