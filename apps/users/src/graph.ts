import type { Type } from '@nestjs/common';
import { DepartmentResolver } from './departments/department.resolver.js';
import { SessionResolver } from './sessions/session.resolver.js';
import { UserResolver } from './users/user.resolver.js';

/** All that makes the subgraph's schema; the module provides them and tools/graphql composes from them. */
export const resolvers: Type[] = [UserResolver, DepartmentResolver, SessionResolver];

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [];
