import { ONE_FAILED, ONE_PASSED, type Counts } from './counts.ts';
import { runProcess } from './run-process.ts';

/** Runs a program whose exit code is the whole answer; shows what it wrote only when it refused. */
export async function check(
  title: string,
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  const outcome = await runProcess(command, args, { environment });
  if (outcome.code === 0) return ONE_PASSED;
  const reason = outcome.abandoned ?? `exit code ${String(outcome.code)}`;
  process.stdout.write(`${outcome.output.trimEnd()}\n${title}: ${reason}\n`);
  return ONE_FAILED;
}

/** As `check`, for a script that the current Node runs. */
export function checkScript(
  title: string,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Counts> {
  return check(title, process.execPath, [script, ...args], environment);
}
