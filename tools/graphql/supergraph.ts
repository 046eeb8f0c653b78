import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { lexicographicSortSchema, parse, printSchema } from 'graphql';

const run = promisify(execFile);

export interface Supergraph {
  /** What the gateway plans with. */
  readonly supergraphSdl: string;
  /** What clients see. */
  readonly apiSdl: string;
}

/** The SDL of one subgraph, from the dist of its app; nothing is started. */
export const printSubgraph = async (service: string): Promise<string> => {
  const script = resolve(import.meta.dirname, 'subgraph-sdl.ts');
  const { stdout } = await run(process.execPath, [script, service], { maxBuffer: 16 * 1_048_576 });
  return stdout;
};

/**
 * @param subgraphs SDL by service. URLs are placeholders: the gateway's configuration has the real ones.
 * @throws Error with every reason for which the subgraphs do not fit together.
 */
export const composeSupergraph = async (subgraphs: ReadonlyMap<string, string>): Promise<Supergraph> => {
  const result = composeServices(
    [...subgraphs].map(([name, sdl]) => ({ name, url: `http://${name}.invalid/graphql`, typeDefs: parse(sdl) })),
  );
  if (result.errors !== undefined) {
    throw new Error(
      `the subgraphs do not compose:\n${result.errors.map((error) => `  - ${error.message}`).join('\n')}`,
    );
  }
  return { supergraphSdl: `${result.supergraphSdl.trimEnd()}\n`, apiSdl: `${await printApi(result.supergraphSdl)}\n` };
};

/** The gateway itself tells what it would show to clients; it asks nobody for that. */
const printApi = async (supergraphSdl: string): Promise<string> => {
  const gateway = new ApolloGateway({ supergraphSdl });
  let apiSdl = '';
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => {
    apiSdl = printSchema(lexicographicSortSchema(apiSchema));
  });
  await gateway.load();
  await gateway.stop();
  return apiSdl;
};
