import type { Type } from '@nestjs/common';
import { resolversOf } from '@infinibay/platform-graphql';
import { DepartmentsModule } from './departments/departments.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { UsersModule } from './users/users.module.js';

/** The features with a part of the subgraph's schema. */
export const features: Type[] = [UsersModule, DepartmentsModule, SessionsModule];

/** All that makes the subgraph's schema; tools/graphql composes from them. */
export const resolvers: Type[] = resolversOf(features);

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [];
