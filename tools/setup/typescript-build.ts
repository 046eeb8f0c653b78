import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { APP_OF_SCHEMA } from '../persistence/services.ts';
import { repositoryRoot, toolchainDir } from '../stack/layout.ts';
import { filesBelow, hashOfFiles, stampAt } from './content-hash.ts';
import type { SetupStep } from './step-runner.ts';

const inRoot = (...parts: string[]): string => path.join(repositoryRoot, ...parts);

const prismaTool = inRoot('tools', 'persistence', 'prisma.ts');
const prismaStamp = stampAt(path.join(toolchainDir, 'stamps', 'prisma-clients'));

const prismaHash = (): string =>
  hashOfFiles(filesBelow([inRoot('prisma'), path.dirname(prismaTool)], (file) => /\.(prisma|ts)$/u.test(file)));

const generatedClients = (): string[] =>
  Object.values(APP_OF_SCHEMA).map((app) => inRoot('apps', app, 'src', 'generated', 'prisma', 'client.ts'));

export const prismaClientsStep: SetupStep = {
  name: 'Prisma clients',
  reason: () => {
    if (generatedClients().some((file) => !existsSync(file))) return 'not there yet';
    return prismaStamp.matches(prismaHash()) ? undefined : 'schemas changed';
  },
  perform: async (context) => {
    const hash = prismaHash();
    await context.run(process.execPath, [prismaTool, 'all', 'generate'], { workingDir: repositoryRoot });
    prismaStamp.write(hash);
  },
};

/** The supergraph is committed, and the checks refuse a stale one: setup makes it only where it is missing. */
export const supergraphStep: SetupStep = {
  name: 'supergraph',
  reason: () => (existsSync(inRoot('apps', 'gateway', 'supergraph.graphql')) ? undefined : 'not there yet'),
  perform: (context) =>
    context.run(process.execPath, [inRoot('tools', 'graphql', 'compose.ts')], { workingDir: repositoryRoot }),
};

const compiledSources = (): string[] =>
  filesBelow(
    [
      inRoot('apps'),
      inRoot('libs'),
      inRoot('native', 'libvirt-napi'),
      inRoot('tsconfig.json'),
      inRoot('tsconfig.base.json'),
    ],
    (file) => /\.(ts|json)$/u.test(file),
  );
const buildStamp = stampAt(path.join(toolchainDir, 'stamps', 'typescript'));

/** The hash covers generated code as well, through the schemas that it comes from. */
function typescriptHash(): string {
  return hashOfFiles([...compiledSources(), ...filesBelow([inRoot('prisma')], (file) => file.endsWith('.prisma'))]);
}

function appsWithoutBuild(): string[] {
  if (!existsSync(inRoot('apps'))) return [];
  return readdirSync(inRoot('apps')).filter(
    (name) => existsSync(inRoot('apps', name, 'tsconfig.json')) && !existsSync(inRoot('apps', name, 'dist', 'main.js')),
  );
}

export const typescriptStep: SetupStep = {
  name: 'TypeScript build',
  reason: () => {
    if (!existsSync(inRoot('tsconfig.json'))) return undefined;
    if (appsWithoutBuild().length > 0) return `not built: ${appsWithoutBuild().join(', ')}`;
    return buildStamp.matches(typescriptHash()) ? undefined : 'sources changed';
  },
  perform: async (context) => {
    const hash = typescriptHash();
    await context.run(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
      workingDir: repositoryRoot,
    });
    buildStamp.write(hash);
  },
};
