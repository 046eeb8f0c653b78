// Prints the SDL of one subgraph: node tools/graphql/subgraph-sdl.ts <service>
// A process for each subgraph, because Nest keeps the types of all loaded classes in one global store.
import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { lexicographicSortSchema } from 'graphql';

/** The federation directives that our subgraphs use; Nest's own printer imports the same specification. */
const FEDERATION =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.14", import: ["@cost", "@inaccessible", "@key", "@listSize", "@shareable"])';

interface Graph {
  readonly resolvers: Type[];
  readonly extendedEntities: Type[];
}

const isGraph = (value: unknown): value is Graph =>
  typeof value === 'object' &&
  value !== null &&
  'resolvers' in value &&
  Array.isArray(value.resolvers) &&
  'extendedEntities' in value &&
  Array.isArray(value.extendedEntities);

const loadGraph = async (service: string): Promise<Graph> => {
  const file = resolve(import.meta.dirname, `../../apps/${service}/dist/graph.js`);
  const graph: unknown = await import(pathToFileURL(file).href);
  if (!isGraph(graph)) throw new Error(`${file} must export resolvers and extendedEntities`);
  return graph;
};

const [service] = process.argv.slice(2);
if (service === undefined || !/^[a-z-]+$/.test(service)) throw new Error('usage: subgraph-sdl.ts <service>');
const graph = await loadGraph(service);
const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, {
  logger: ['error'],
  abortOnError: false,
});
const schema = await app
  .get(GraphQLSchemaFactory)
  .create(graph.resolvers, { orphanedTypes: graph.extendedEntities, skipCheck: true });
// Sorted, so that the order of imports does not show in the committed files.
process.stdout.write(`${FEDERATION}\n\n${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`);
await app.close();
