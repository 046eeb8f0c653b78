/**
 * node tools/test/main.ts [--under-load] [--only step,...] [-- <jest arguments>]
 * Runs every check of the repository, goes on after failures, and closes with a line `N passed, N failed[, N skipped]`.
 * `--under-load` keeps two busy loops per core beside it. Time limits grow with the slowness that is measured first.
 */
import { parseArguments } from './arguments.ts';
import { add, closingLine, NOTHING, ONE_FAILED, ONE_SKIPPED, type Counts } from './counts.ts';
import { startTestInfrastructure, type TestInfrastructure } from './infrastructure.ts';
import { startLoad, type Load } from './load.ts';
import { interrupt, wasInterrupted, withinLimit } from './run-process.ts';
import { measureMachine, slownessOf } from './slowness.ts';
import { QUICK_MINUTES, stages, STEPS, type Step, type StepContext } from './steps.ts';
import { limitOfStep } from './time-budget.ts';

type Settings = Omit<StepContext, 'lanes'>;

/** Spec files that need servers and run side by side: a core has one each. */
const LANES = 2;

let servers: Promise<TestInfrastructure> | undefined;

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function failure(error: unknown): Counts {
  process.stdout.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return ONE_FAILED;
}

async function runStep(step: Step, settings: Settings): Promise<Counts> {
  if (step.needsServers !== true) return step.run({ lanes: [], ...settings }).catch(failure);
  servers = startTestInfrastructure(LANES);
  const counts = await servers.then(({ lanes }) => step.run({ lanes, ...settings })).catch(failure);
  return add(counts, await stopServers());
}

const minutesOf = ({ minutes }: Step): number => minutes ?? QUICK_MINUTES;

async function runSteps(steps: readonly Step[], settings: Settings): Promise<Counts> {
  const begun = Date.now();
  const runOne = async (step: Step): Promise<Counts> => {
    if (wasInterrupted()) return NOTHING;
    const index = steps.indexOf(step);
    const label = `[${String(index + 1)}/${String(steps.length)}] ${step.name}`;
    process.stdout.write(`${label}: ${step.description}\n`);
    const since = Date.now();
    const later = steps.slice(index + 1).map(minutesOf);
    const limitMs = limitOfStep(minutesOf(step), later, { slowness: settings.slowness, elapsedMs: since - begun });
    const counts = await withinLimit(limitMs, () => runStep(step, settings));
    process.stdout.write(`${label}: ${closingLine(counts)} (${seconds(since)})\n`);
    return counts;
  };
  const inTurn = async (some: readonly Step[]): Promise<Counts> => {
    let total = NOTHING;
    for (const step of some) total = add(total, await runOne(step));
    return total;
  };
  let total = NOTHING;
  for (const { alone, beside } of stages(steps)) {
    const [first, ...others] = await Promise.all([inTurn(alone), ...beside.map(runOne)]);
    total = add(total, first, ...others);
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

async function loadOf(underLoad: boolean): Promise<Load | undefined> {
  if (!underLoad) return undefined;
  const load = await startLoad();
  process.stdout.write(`under load: ${String(load.pids.length)} busy loops run beside it, two per core\n`);
  return load;
}

async function endLoad(load: Load | undefined): Promise<Counts> {
  const left = (await load?.stop()) ?? [];
  for (const command of left) process.stdout.write(`a busy loop did not end: ${command}\n`);
  return left.length === 0 ? NOTHING : ONE_FAILED;
}

async function main(): Promise<void> {
  const { steps, jestArgs, underLoad } = parseArguments(process.argv.slice(2), STEPS);
  stopOnSignals();
  const since = Date.now();
  const load = await loadOf(underLoad);
  const slowness = slownessOf(measureMachine());
  process.stdout.write(`time limits are for a machine ${slowness.toFixed(1)} times slower than a quiet one\n`);
  const found = await runSteps(steps, { jestArgs, slowness });
  const total = add(found, await endLoad(load));
  process.stdout.write(`all steps took ${seconds(since)}\n${closingLine(total)}\n`);
  if (wasInterrupted()) process.exitCode = 130;
  else process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

await main();
