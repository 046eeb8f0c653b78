/**
 * node tools/test/main.ts [--only step,...] [-- <jest arguments>]
 * Runs every check of the repository, goes on after failures, and closes with a line `N passed, N failed[, N skipped]`.
 */
import { parseArguments } from './arguments.ts';
import { add, closingLine, NOTHING, ONE_FAILED, ONE_SKIPPED, type Counts } from './counts.ts';
import { startTestInfrastructure, type TestInfrastructure } from './infrastructure.ts';
import { interrupt, wasInterrupted } from './run-process.ts';
import { STEPS, type Step } from './steps.ts';

let servers: Promise<TestInfrastructure> | undefined;

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function failure(error: unknown): Counts {
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return ONE_FAILED;
}

async function runStep(step: Step, jestArgs: readonly string[]): Promise<Counts> {
  if (step.needsServers !== true) return step.run({ environment: {}, jestArgs }).catch(failure);
  servers = startTestInfrastructure();
  const counts = await servers.then(({ environment }) => step.run({ environment, jestArgs })).catch(failure);
  return add(counts, await stopServers());
}

async function runSteps(steps: readonly Step[], jestArgs: readonly string[]): Promise<Counts> {
  let total = NOTHING;
  for (const [index, step] of steps.entries()) {
    if (wasInterrupted()) return total;
    const label = `[${String(index + 1)}/${String(steps.length)}] ${step.name}`;
    process.stdout.write(`${label}: ${step.description}\n`);
    const since = Date.now();
    const counts = await runStep(step, jestArgs);
    total = add(total, counts);
    process.stdout.write(`${label}: ${closingLine(counts)} (${seconds(since)})\n`);
  }
  return total;
}

/** Stops what was started, also while it still starts; that it did not start was reported already. */
async function stopServers(): Promise<Counts> {
  const running = await servers?.catch(() => undefined);
  servers = undefined;
  if (running === undefined) return NOTHING;
  const missing = running.missingForHypervisor;
  if (missing.length > 0)
    process.stdout.write(`no real hypervisor was tested; this machine lacks: ${missing.join(', ')}\n`);
  try {
    await running.stop();
  } catch (error) {
    return failure(error instanceof AggregateError ? error.errors.map(String).join('\n') : error);
  }
  return missing.length > 0 ? ONE_SKIPPED : NOTHING;
}

/** A run that is interrupted ends in order: what it started is stopped, and the closing line counts what was done. */
function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
}

async function main(): Promise<void> {
  const { steps, jestArgs } = parseArguments(process.argv.slice(2), STEPS);
  stopOnSignals();
  const since = Date.now();
  const total = await runSteps(steps, jestArgs);
  process.stdout.write(`all steps took ${seconds(since)}\n${closingLine(total)}\n`);
  if (wasInterrupted()) process.exitCode = 130;
  else process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await main();
