import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, type GraphQLField } from 'graphql';

import { repositoryRoot } from '../stack/layout.ts';

const read = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');
const schema = buildSchema(read('docs/reference/schema.graphql'));
const mutations: Readonly<Record<string, GraphQLField<unknown, unknown>>> = schema.getMutationType()?.getFields() ?? {};
const queries: Readonly<Record<string, GraphQLField<unknown, unknown>>> = schema.getQueryType()?.getFields() ?? {};

const readme = read('README.md');
const life = readme.slice(readme.indexOf('The life of a VM.'), readme.indexOf('The schema is in'));
const named = [...life.matchAll(/`(\w+Vm\w*)`/g)].map(([, name]) => name ?? '');

describe("README's life of a VM", () => {
  it('names mutations that exist, and every one that is about a VM', () => {
    const ofVms = Object.keys(mutations).filter((name) => /Vms?(?![a-z])/.test(name));
    expect([...new Set(named)].sort()).toEqual(ofVms.sort());
  });

  it('names arguments and fields that exist', () => {
    const argumentsOf = (field: GraphQLField<unknown, unknown> | undefined): string[] =>
      (field?.args ?? []).map(({ name }) => name);
    expect(argumentsOf(mutations['shutdownVm'])).toEqual(expect.arrayContaining(['timeoutSeconds', 'force']));
    expect(argumentsOf(queries['vms'])).toEqual(expect.arrayContaining(['filter', 'orderBy']));
    expect(argumentsOf(queries['operations'])).toContain('filter');
    const vm = schema.getType('Vm');
    const operations = vm !== undefined && 'getFields' in vm ? vm.getFields()['operations']?.type : undefined;
    expect(String(operations).startsWith('[')).toBe(true);
  });
});
