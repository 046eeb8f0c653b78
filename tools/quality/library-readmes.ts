import type { TextFile } from './tracked-files.ts';

const LIBRARY = /^libs\/(?:platform\/)?[^/]+(?=\/package\.json$)/;
const SPEC = /\.(int-)?spec\.ts$|\/src\/testing\//;
const NONE = 'nothing of ours';

/** The short name by which READMEs call a library: `access` for `@infinibay/platform-access`. */
const shortName = (packageName: string): string => packageName.replace(/^@infinibay\/(platform-)?/, '');

/** What the sources of a library import of ours, specs aside. */
const importsOf = (library: string, texts: readonly TextFile[]): readonly string[] => {
  const sources = texts.filter(({ file }) => file.startsWith(`${library}/src/`) && !SPEC.test(file));
  const names = sources.flatMap(({ text }) =>
    [...text.matchAll(/ from '(@infinibay\/[a-z-]+)'/g)].map((match) => shortName(match[1] ?? '')),
  );
  return [...new Set(names)].sort();
};

const usesOf = (readme: string): readonly string[] | undefined => {
  const sentence = /^Uses (.*?)\.(?: |$)/m.exec(readme)?.[1];
  if (sentence === undefined) return undefined;
  return sentence === NONE ? [] : [...sentence.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] ?? '').sort();
};

/** Exports and files that a README names in its list, but that the sources of the library know nothing of. */
const unknownNames = (library: string, readme: string, texts: readonly TextFile[]): readonly string[] => {
  const sources = texts.filter(({ file }) => file.startsWith(`${library}/src/`));
  const known = sources.map(({ file, text }) => `${file}\n${text}`).join('\n');
  const listed = readme.split('\n').filter((line) => line.startsWith('- '));
  const heads = listed.flatMap((line) => [...(line.split(': ')[0] ?? '').matchAll(/`@?([\w/-]+)[^`]*`/g)]);
  return heads.map((match) => match[1] ?? '').filter((name) => !known.includes(name.replace(/\/$/, '')));
};

/** Libraries whose README is missing, names what is not there, or says wrongly which others they use. */
export const libraryReadmes = (texts: readonly TextFile[]): readonly string[] => {
  const libraries = texts.flatMap(({ file }) => LIBRARY.exec(file)?.[0] ?? []);
  return libraries.flatMap((library) => {
    const readme = texts.find(({ file }) => file === `${library}/README.md`)?.text;
    if (readme === undefined) return [`${library}/README.md is missing`];
    const [says, does] = [usesOf(readme), importsOf(library, texts)];
    const wrong = says?.join() !== does.join();
    return [
      ...(wrong
        ? [`${library}/README.md: it uses ${does.join(', ') || NONE} and not ${says?.join(', ') ?? '(unsaid)'}`]
        : []),
      ...unknownNames(library, readme, texts).map((name) => `${library}/README.md: there is no ${name}`),
    ];
  });
};
