import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { APP_OF_SCHEMA } from '../persistence/services.ts';
import { repositoryRoot, toolchainDir } from '../stack/layout.ts';
import { filesBelow, hashOfFiles, stampAt } from './content-hash.ts';
import type { SetupStep } from './step-runner.ts';

const inRoot = (...parts: string[]): string => path.join(repositoryRoot, ...parts);

interface GenerationOptions {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly inputs: readonly string[];
  /** Missing outputs are a reason to run even when no input changed. */
  readonly outputs: () => readonly string[];
  readonly accept?: (file: string) => boolean;
}

/** A step that runs one of our own generators when its inputs changed or an output is missing. */
function generationStep(options: GenerationOptions): SetupStep {
  const stamp = stampAt(path.join(toolchainDir, 'stamps', options.name.replaceAll(' ', '-')));
  const hash = (): string => hashOfFiles(filesBelow([...options.inputs, options.script], options.accept));
  return {
    name: options.name,
    reason: () => {
      if (!existsSync(options.script)) return undefined;
      if (options.outputs().some((file) => !existsSync(file))) return 'not there yet';
      return stamp.matches(hash()) ? undefined : 'inputs changed';
    },
    perform: async (context) => {
      const before = hash();
      await context.run(process.execPath, [options.script, ...(options.args ?? [])], { workingDir: repositoryRoot });
      stamp.write(before);
    },
  };
}

export const prismaClientsStep: SetupStep = generationStep({
  name: 'Prisma clients',
  script: inRoot('tools', 'persistence', 'prisma.ts'),
  args: ['all', 'generate'],
  inputs: [inRoot('prisma'), inRoot('tools', 'persistence')],
  accept: (file) => file.endsWith('.prisma') || file.endsWith('.ts'),
  outputs: () => Object.values(APP_OF_SCHEMA).map((app) => inRoot('apps', app, 'src', 'generated', 'prisma', 'client.ts')),
});

export const supergraphStep: SetupStep = generationStep({
  name: 'supergraph',
  script: inRoot('tools', 'graphql', 'compose.ts'),
  inputs: [inRoot('tools', 'graphql'), inRoot('apps'), inRoot('libs')],
  accept: (file) => /\.(ts|graphql)$/u.test(file) && !/\.(int-|e2e-)?spec\.ts$/u.test(file),
  outputs: () => [inRoot('apps', 'gateway', 'supergraph.graphql')],
});

const compiledSources = (): string[] => filesBelow([inRoot('apps'), inRoot('libs'), inRoot('native', 'libvirt-napi'), inRoot('tsconfig.json'), inRoot('tsconfig.base.json')], (file) => /\.(ts|json)$/u.test(file));
const buildStamp = stampAt(path.join(toolchainDir, 'stamps', 'typescript'));

/** The hash covers generated code as well, through the schemas that it comes from. */
function typescriptHash(): string {
  return hashOfFiles([...compiledSources(), ...filesBelow([inRoot('prisma')], (file) => file.endsWith('.prisma'))]);
}

function appsWithoutBuild(): string[] {
  if (!existsSync(inRoot('apps'))) return [];
  return readdirSync(inRoot('apps')).filter((name) => existsSync(inRoot('apps', name, 'tsconfig.json')) && !existsSync(inRoot('apps', name, 'dist', 'main.js')));
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
    await context.run(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-b'], { workingDir: repositoryRoot });
    buildStamp.write(hash);
  },
};
