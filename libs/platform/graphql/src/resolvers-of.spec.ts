import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Resolver } from '@nestjs/graphql';
import { resolversOf } from './resolvers-of.js';

@Injectable()
class Service {}

@Resolver('Thing')
class NamedResolver {}

@Resolver()
class QueryResolver {}

@Module({ providers: [Service, NamedResolver, { provide: 'VALUE', useValue: NamedResolver }] })
class ThingsModule {}

@Module({ providers: [QueryResolver] })
class QueriesModule {}

@Module({})
class EmptyModule {}

describe(resolversOf, () => {
  it('gives the resolvers of all modules, and nothing else that they provide', () => {
    expect(resolversOf([ThingsModule, EmptyModule, QueriesModule])).toEqual([NamedResolver, QueryResolver]);
  });
});
