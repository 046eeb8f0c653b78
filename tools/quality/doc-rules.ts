import path from 'node:path';

import type { TextFile } from './tracked-files.ts';

const README_LINES = 40;

/** Folders that exist on one machine only. */
const MACHINE_PATHS = /(?:^|[\s"'`(=:])(\/work\/|\/root\/|\/home\/[a-z])/;

/** npm resolves tarballs against whatever registry a site uses, so the lock may name the public one and no other. */
const REGISTRY_HOSTS =
  /https?:\/\/(?!registry\.npmjs\.org\/|static\.crates\.io\/|crates\.io\/)[^\s"'`<>)]*(?:registry|artifactory|nexus|mirror|proxy)[^\s"'`<>)]*/i;

/** Names that say nothing of what is in a file. */
const VAGUE_NAMES = /^(utils?|common|helpers?|misc|managers?)$/;

const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** An app's README says its purpose, its messages and how to test it, on one screen. */
export const longReadmes = (texts: readonly TextFile[]): readonly string[] =>
  texts
    .filter(({ file }) => /^apps\/[^/]+\/README\.md$/.test(file))
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > README_LINES)
    .map(({ file, lines }) => `${file}: ${String(lines)} lines, at most ${String(README_LINES)} are allowed`);

/** Apps that no README explains. */
export const missingReadmes = (files: readonly string[]): readonly string[] => {
  const apps = new Set(files.flatMap((file) => /^apps\/([^/]+)\//.exec(file)?.[1] ?? []));
  return [...apps]
    .filter((app) => !files.includes(`apps/${app}/README.md`))
    .map((app) => `apps/${app}/README.md is missing`);
};

/** Links in Markdown that lead to no tracked file or folder. */
export const deadLinks = (texts: readonly TextFile[], files: readonly string[]): readonly string[] =>
  texts.filter(({ file }) => file.endsWith('.md')).flatMap(({ file, text }) => deadLinksIn(file, text, files));

const deadLinksIn = (file: string, text: string, files: readonly string[]): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) => {
    const target = (match[1] ?? '').split('#')[0] ?? '';
    if (target === '' || /^[a-z]+:/.test(target)) return [];
    const resolved = path.posix.normalize(path.posix.join(path.posix.dirname(file), target)).replace(/\/$/, '');
    if (files.some((other) => other === resolved || other.startsWith(`${resolved}/`))) return [];
    return [`${file}:${String(lineOf(text, match.index))}: link to ${target} leads nowhere`];
  });

const linesThatMatch = ({ file, text }: TextFile, pattern: RegExp, what: string): string[] =>
  text.split('\n').flatMap((line, index) => {
    const found = pattern.exec(line);
    return found === null
      ? []
      : [`${file}:${String(index + 1)}: ${what}: ${(found[1] ?? found[0]).trim().slice(0, 80)}`];
  });

/** Paths of the machine that the file was written on. */
export const machinePaths = (texts: readonly TextFile[]): readonly string[] =>
  texts.flatMap((text) => linesThatMatch(text, MACHINE_PATHS, 'path of one machine'));

/** Addresses of package registries other than the public ones. */
export const registryHosts = (texts: readonly TextFile[]): readonly string[] =>
  texts.flatMap((text) => linesThatMatch(text, REGISTRY_HOSTS, 'address of a package registry'));

/** Files and folders whose name would take anything in. */
export const vagueNames = (files: readonly string[]): readonly string[] =>
  files
    .filter((file) => file.split('/').some((part) => VAGUE_NAMES.test(part.split('.')[0] ?? '')))
    .map((file) => `${file}: the name says nothing of what is in it`);

/** Production files that are too long, of languages that no linter of ours counts. */
export const longSources = (texts: readonly TextFile[]): readonly string[] =>
  texts
    .filter(({ file }) => /\.(rs|sh|sql|prisma|mjs|cjs)$/.test(file) && !file.includes('/migrations/'))
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 400)
    .map(({ file, lines }) => `${file}: ${String(lines)} lines, at most 400 are allowed`);
