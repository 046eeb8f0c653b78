import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller.js';
import { SigningKeyRepository } from './signing-key.repository.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  controllers: [KeysController],
  providers: [SigningKeyRepository, SigningKeys],
  exports: [SigningKeys],
})
export class KeysModule {}
