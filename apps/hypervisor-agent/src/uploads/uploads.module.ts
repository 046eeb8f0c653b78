import { Module } from '@nestjs/common';
import { CopiesModule } from '../copies/copies.module.js';
import { ImportsModule } from '../imports/imports.module.js';
import { WorkModule } from '../work/work.module.js';
import { ImageReceiving } from './image-receiving.js';
import { UploadHandlers } from './upload.handlers.js';
import { UploadProtocol } from './upload-protocol.js';
import { UploadReporter } from './upload.reporter.js';
import { UploadServer } from './upload.server.js';
import { UploadWriter } from './upload-writer.js';

@Module({
  imports: [WorkModule, ImportsModule, CopiesModule],
  controllers: [UploadHandlers],
  providers: [ImageReceiving, UploadWriter, UploadProtocol, UploadServer, UploadReporter],
})
export class UploadsModule {}
