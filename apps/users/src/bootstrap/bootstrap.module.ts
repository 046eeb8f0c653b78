import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { Bootstrap } from './bootstrap.js';
import { DemoAdmin } from './demo-admin.js';
import { FirstAdmin } from './first-admin.js';

@Module({
  imports: [AccountsModule, KeysModule, PasswordsModule],
  providers: [Bootstrap, FirstAdmin, DemoAdmin],
})
export class BootstrapModule {}
