import { check } from './check-step.ts';
import { add, ONE_FAILED, parseCargoCounts, type Counts } from './counts.ts';
import { runProcess } from './run-process.ts';

const MANIFEST = ['--manifest-path', 'native/Cargo.toml'];

async function cargoTest(): Promise<Counts> {
  const outcome = await runProcess('cargo', ['test', ...MANIFEST, '--workspace', '--locked', '--no-fail-fast']);
  const counts = parseCargoCounts(outcome.output);
  if (outcome.code === 0 && counts !== undefined) return counts;
  process.stdout.write(`${outcome.output.trimEnd()}\n`);
  if (counts === undefined) return ONE_FAILED;
  return counts.failed > 0 ? counts : add(counts, ONE_FAILED);
}

/** Debian's default fails at a reachable block of a library that is never unloaded: only what is lost counts. */
const VALGRIND = [
  'valgrind',
  '--quiet',
  '--error-exitcode=99',
  '--leak-check=full',
  '--show-leak-kinds=definite',
  '--errors-for-leak-kinds=definite',
];

/** Runs the tests of the core, where all the `unsafe` is, again under valgrind: invalid reads and writes, and leaks. */
function memoryCheck(): Promise<Counts> {
  const runner = { CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER: VALGRIND.join(' ') };
  const args = ['test', ...MANIFEST, '--package', 'libvirt-core', '--locked', '--lib', '--tests'];
  return check('libvirt-core under valgrind', 'cargo', args, runner);
}

/** Format, lints and tests of the native crates. */
export async function runRust(): Promise<Counts> {
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
    await cargoTest(),
    await memoryCheck(),
  );
}
