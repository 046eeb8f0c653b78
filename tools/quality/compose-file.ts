import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import { repositoryRoot } from '../stack/layout.ts';

const Condition = z.object({
  condition: z.enum(['service_healthy', 'service_completed_successfully', 'service_started']),
});

const Service = z
  .object({
    image: z.string().optional(),
    build: z.strictObject({ context: z.literal('.'), target: z.string() }).optional(),
    command: z.array(z.string()).optional(),
    environment: z.record(z.string(), z.string()).default({}),
    env_file: z.array(z.string()).default([]),
    restart: z.enum(['unless-stopped', 'on-failure']),
    user: z.string().optional(),
    read_only: z.boolean().default(false),
    cap_drop: z.array(z.string()).default([]),
    cap_add: z.array(z.string()).default([]),
    ports: z.array(z.string()).default([]),
    volumes: z.array(z.string()).default([]),
    networks: z.array(z.string()).default([]),
    network_mode: z.string().optional(),
    healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
    deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
    depends_on: z.record(z.string(), Condition).default({}),
  })
  .loose();

const ComposeFile = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
});

export type ComposeService = z.infer<typeof Service>;
export type ComposeFile = z.infer<typeof ComposeFile>;

/** docker-compose.yml with its anchors and merges resolved. Throws when it isn't what we write. */
export const readComposeFile = (): ComposeFile =>
  ComposeFile.parse(parse(readFileSync(path.join(repositoryRoot, 'docker-compose.yml'), 'utf8'), { merge: true }));

/** Names of the targets in the Dockerfile. */
export const dockerfileTargets = (): readonly string[] =>
  [...readFileSync(path.join(repositoryRoot, 'Dockerfile'), 'utf8').matchAll(/^FROM \S+ AS (\S+)$/gm)].map(
    ([, name]) => name ?? '',
  );

/** The command of a target of the Dockerfile, as its program takes it; undefined when the target has none of its own. */
export function dockerfileCommand(target: string): readonly string[] | undefined {
  const text = readFileSync(path.join(repositoryRoot, 'Dockerfile'), 'utf8');
  const stage = text.split(/^(?=FROM )/m).find((one) => new RegExp(String.raw`^FROM \S+ AS ${target}\n`).test(one));
  const command = /^CMD (\[.*\])$/m.exec(stage ?? '')?.[1];
  return command === undefined ? undefined : z.array(z.string()).parse(JSON.parse(command));
}

/** The value that compose gives a variable when the operator's shell sets none: `${A:-b}` is `b`. */
export const withoutShell = (value: string): string =>
  value.replaceAll(/\$\{\w+(?::-([^}]*))?\}/g, (_whole, preset?: string) => preset ?? '');
