import type { Type } from '@nestjs/common';

const RESOLVER = 'graphql:resolver_type';
const PROVIDERS = 'providers';

const isResolver = (provider: unknown): provider is Type =>
  typeof provider === 'function' && Reflect.hasMetadata(RESOLVER, provider);

/** The resolvers among the providers of modules: with them a subgraph's schema is made without starting it. */
export const resolversOf = (modules: readonly Type[]): Type[] =>
  modules.flatMap((module) => {
    const providers: unknown = Reflect.getMetadata(PROVIDERS, module);
    return Array.isArray(providers) ? providers.filter(isResolver) : [];
  });
