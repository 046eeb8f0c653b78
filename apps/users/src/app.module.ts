import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { subgraphModule } from '@infinibay/platform-graphql';
import { PlatformModule } from '@infinibay/platform-service';
import { stateChangeModule } from '@infinibay/platform-subgraph';
import { Bootstrap } from './bootstrap/bootstrap.js';
import { DemoAdmin } from './bootstrap/demo-admin.js';
import { FirstAdmin } from './bootstrap/first-admin.js';
import { USERS_CONFIG, type UsersConfig } from './config.js';
import { Change, Database } from './database.js';
import { DepartmentChangesService } from './departments/department-changes.service.js';
import { DepartmentHandlers } from './departments/department.handlers.js';
import { DepartmentRepository } from './departments/department.repository.js';
import { DepartmentService } from './departments/department.service.js';
import { extendedEntities, resolvers } from './graph.js';
import { KeysController } from './keys/keys.controller.js';
import { SigningKeyRepository } from './keys/signing-key.repository.js';
import { SigningKeys } from './keys/signing-keys.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { Housekeeping } from './sessions/housekeeping.js';
import { LoginThrottle } from './sessions/login-throttle.js';
import { LoginThrottleRepository } from './sessions/login-throttle.repository.js';
import { LoginService } from './sessions/login.service.js';
import { SessionController } from './sessions/session.controller.js';
import { SessionHandlers } from './sessions/session.handlers.js';
import { SessionRepository } from './sessions/session.repository.js';
import { SessionService } from './sessions/session.service.js';
import { MyPasswordService } from './users/my-password.service.js';
import { UserChangesService } from './users/user-changes.service.js';
import { UserRepository } from './users/user.repository.js';
import { UserService } from './users/user.service.js';

const sessions = [
  SessionRepository,
  SessionService,
  LoginThrottleRepository,
  LoginThrottle,
  LoginService,
  Housekeeping,
];
const users = [UserRepository, UserService, UserChangesService, MyPasswordService];
const departments = [DepartmentRepository, DepartmentService, DepartmentChangesService];

@Module({})
export class AppModule {
  static forRoot(config: UsersConfig, logger: Logger): DynamicModule {
    const client = new Database(config);
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'users',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: Database, client },
        }),
        stateChangeModule(Change),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
      ],
      controllers: [KeysController, SessionController, SessionHandlers, DepartmentHandlers],
      providers: [
        { provide: USERS_CONFIG, useValue: config },
        SigningKeyRepository,
        SigningKeys,
        PasswordHasher,
        Bootstrap,
        FirstAdmin,
        DemoAdmin,
        ...sessions,
        ...users,
        ...departments,
        ...resolvers,
      ],
    };
  }
}
