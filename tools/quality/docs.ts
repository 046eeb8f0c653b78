/** node tools/quality/docs.ts: rules of tracked files that no linter knows. Prints what breaks them; exit code 1 when anything does. */
import {
  deadLinks,
  longReadmes,
  longSources,
  machinePaths,
  missingReadmes,
  registryHosts,
  vagueNames,
} from './doc-rules.ts';
import { libraryReadmes } from './library-readmes.ts';
import { trackedFiles, trackedTexts } from './tracked-files.ts';

const files = trackedFiles();
const texts = trackedTexts();
// The rules and their examples name what they refuse.
const judged = texts.filter(({ file }) => !/^tools\/quality\/doc-rules\.(spec\.)?ts$/.test(file));

const problems = [
  ...longReadmes(texts),
  ...missingReadmes(files),
  ...libraryReadmes(texts),
  ...deadLinks(texts, files),
  ...machinePaths(judged),
  ...registryHosts(judged),
  ...vagueNames(files),
  ...longSources(texts),
];

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exitCode = 1;
}
