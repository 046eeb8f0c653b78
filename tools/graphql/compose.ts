// Composes the supergraph of all subgraphs from their apps' dist: node tools/graphql/compose.ts [--check] [--only users,vms [--out <folder>]]
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SUBGRAPHS } from '@infinibay/contracts';
import { composeSupergraph, printSubgraph } from './supergraph.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, only: { type: 'string' }, out: { type: 'string' } },
});
const services = values.only?.split(',') ?? [...SUBGRAPHS];
const sdl = new Map<string, string>();
for (const service of services) sdl.set(service, await printSubgraph(service));
const { supergraphSdl, apiSdl } = await composeSupergraph(sdl);

const files = new Map([
  ['apps/gateway/supergraph.graphql', supergraphSdl],
  ['docs/reference/schema.graphql', apiSdl],
]);

if (values.out !== undefined) {
  await writeFile(resolve(values.out, 'supergraph.graphql'), supergraphSdl);
  await writeFile(resolve(values.out, 'schema.graphql'), apiSdl);
} else if (values.only !== undefined) {
  process.stdout.write(apiSdl);
} else if (values.check) {
  const stale: string[] = [];
  for (const [path, text] of files) {
    if ((await readFile(resolve(ROOT, path), 'utf8').catch(() => '')) !== text) stale.push(path);
  }
  if (stale.length > 0) process.stderr.write(`stale (run node tools/graphql/compose.ts): ${stale.join(', ')}\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of files) await writeFile(resolve(ROOT, path), text);
  process.stdout.write(`composed ${services.join(', ')}\n`);
}
