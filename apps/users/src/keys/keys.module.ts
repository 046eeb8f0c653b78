import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  controllers: [KeysController],
  providers: [SigningKeys],
  exports: [SigningKeys],
})
export class KeysModule {}
