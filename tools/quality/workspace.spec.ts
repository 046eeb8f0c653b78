import { describe, expect, it } from '@jest/globals';
import { SCHEMA_NAMES, SERVICE_NAMES } from '@infinibay/contracts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import { repositoryRoot } from '../stack/layout.ts';

const FOLDERS = ['apps', 'libs', 'libs/platform', 'native'];

const Manifest = z.object({
  name: z.string(),
  type: z.literal('module'),
  license: z.literal('Apache-2.0'),
  private: z.literal(true),
  dependencies: z.record(z.string(), z.string()).default({}),
  nx: z.object({ tags: z.array(z.string()) }),
});

const BuildConfig = z.object({ references: z.array(z.object({ path: z.string() })).default([]) });

const readJson = (file: string): unknown => JSON.parse(readFileSync(path.join(repositoryRoot, file), 'utf8'));

/** Folders of the workspace's projects, below the repository's root. */
const projects = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(repositoryRoot, folder)).map((name) => `${folder}/${name}`),
).filter((folder) => existsSync(path.join(repositoryRoot, folder, 'package.json')));

const manifests = new Map(projects.map((folder) => [folder, Manifest.parse(readJson(`${folder}/package.json`))]));
const folderOf = new Map([...manifests].map(([folder, { name }]) => [name, folder]));

describe.each(projects)('%s', (folder) => {
  const manifest = manifests.get(folder);
  const references = BuildConfig.parse(readJson(`${folder}/tsconfig.json`)).references.map((one) =>
    path.posix.join(folder, one.path),
  );

  it('has one tag of each dimension', () => {
    expect(manifest?.nx.tags.map((tag) => tag.split(':')[0]).sort()).toEqual(['scope', 'type']);
  });

  it('is built by the root', () => {
    expect(BuildConfig.parse(readJson('tsconfig.json')).references.map((one) => one.path)).toContain(folder);
  });

  it('is built after every project that it depends on', () => {
    const needed = Object.keys(manifest?.dependencies ?? {}).flatMap((name) => folderOf.get(name) ?? []);
    expect(needed.filter((one) => !references.includes(one))).toEqual([]);
  });
});

/** Folders of a folder of the repository, sorted. */
const foldersOf = (folder: string): string[] =>
  readdirSync(path.join(repositoryRoot, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

describe('the table of services', () => {
  it('names every app', () => {
    expect(foldersOf('apps')).toEqual([...SERVICE_NAMES].sort());
  });

  it('names every schema, and each has migrations', () => {
    expect(foldersOf('prisma')).toEqual([...SCHEMA_NAMES].sort());
    expect(SCHEMA_NAMES.filter((schema) => foldersOf(`prisma/${schema}/migrations`).length === 0)).toEqual([]);
  });

  it('names what a reader finds in ARCHITECTURE', () => {
    const text = readFileSync(path.join(repositoryRoot, 'docs', 'ARCHITECTURE.md'), 'utf8');
    const rows = [...text.matchAll(/^\| \[apps\/([\w-]+)\]/gmu)].map(([, name]) => name ?? '');
    expect(rows.sort()).toEqual([...SERVICE_NAMES].sort());
  });
});
