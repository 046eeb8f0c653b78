/** node bench/main.ts [name]: runs one bench, or lists them. Ends with 0 also when a goal is missed: it is reported as measured. */
import { cleanUpAll } from './cleanup.ts';
import { BENCHES } from './registry.ts';
import { table, writeFigures } from './report/output.ts';

const [name] = process.argv.slice(2);
const bench = name === undefined ? undefined : BENCHES[name];

if (name === undefined || bench === undefined) {
  if (name !== undefined) console.error(`bench: there is no ${name}`);
  console.log('usage: npm run bench -- <name>\n');
  for (const [known, { description }] of Object.entries(BENCHES)) console.log(`  ${known.padEnd(14)}${description}`);
  process.exit(name === undefined ? 0 : 2);
}
let ending = false;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => {
    // It may come twice: to the whole group, and from whoever started this.
    if (ending) return;
    ending = true;
    void cleanUpAll().finally(() => process.exit(code));
  });
try {
  const figures = await bench.run((line) => {
    console.log(`bench: ${line}`);
  });
  console.log(`\n${table(figures)}\n`);
  console.log(`bench: written to ${writeFigures(name, figures)}`);
  process.exit(0);
} catch (error) {
  console.error(`bench ${name} failed:`, error);
  process.exit(1);
}
