import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { LoginThrottle } from './login-throttle.js';
import { LoginThrottleRepository } from './login-throttle.repository.js';
import { LoginService } from './login.service.js';
import { SessionController } from './session.controller.js';
import { SessionHandlers } from './session.handlers.js';
import { SessionRepository } from './session.repository.js';
import { SessionResolver } from './session.resolver.js';
import { SessionService } from './session.service.js';

@Module({
  imports: [AccountsModule, KeysModule, PasswordsModule],
  controllers: [SessionController, SessionHandlers],
  providers: [SessionRepository, SessionService, LoginThrottleRepository, LoginThrottle, LoginService, SessionResolver],
  exports: [SessionRepository, LoginThrottle],
})
export class SessionsModule {}
