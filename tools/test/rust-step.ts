import { check } from './check-step.ts';
import { add, ONE_FAILED, parseCargoCounts, type Counts } from './counts.ts';
import { runProcess } from './run-process.ts';

const MANIFEST = ['--manifest-path', 'native/Cargo.toml'];

async function cargoTest(environment: Readonly<Record<string, string>>): Promise<Counts> {
  const outcome = await runProcess('cargo', ['test', ...MANIFEST, '--workspace', '--locked', '--no-fail-fast'], {
    environment,
  });
  const counts = parseCargoCounts(outcome.output);
  if (outcome.code === 0 && counts !== undefined) return counts;
  process.stdout.write(`${outcome.output.trimEnd()}\n`);
  if (counts === undefined) return ONE_FAILED;
  return counts.failed > 0 ? counts : add(counts, ONE_FAILED);
}

/** Format, lints and tests of the native crates. */
export async function runRust(environment: Readonly<Record<string, string>>): Promise<Counts> {
  return add(
    await check('cargo fmt', 'cargo', ['fmt', ...MANIFEST, '--all', '--check']),
    await check('cargo clippy', 'cargo', [
      'clippy',
      ...MANIFEST,
      '--workspace',
      '--all-targets',
      '--locked',
      '--',
      '-D',
      'warnings',
    ]),
    await cargoTest(environment),
  );
}
