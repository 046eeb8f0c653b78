import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import { repositoryRoot } from '../stack/layout.ts';
import * as queries from './queries.ts';

const schema = buildSchema(readFileSync(path.join(repositoryRoot, 'docs/reference/schema.graphql'), 'utf8'));

describe('documents of the journey', () => {
  it.each(Object.entries(queries))('%s fits the public schema', (_name, document) => {
    expect(validate(schema, parse(document)).map(String)).toEqual([]);
  });
});
