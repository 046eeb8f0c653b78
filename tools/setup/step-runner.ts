import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

import { messageOf, StackError } from '../stack/stack-error.ts';

type Say = (line: string) => void;

/** What a step may do besides computing. */
export interface StepContext {
  /** Runs a program with its output in the step's log; a non-zero exit fails the step. */
  readonly run: (
    command: string,
    args: readonly string[],
    options?: { readonly workingDir?: string; readonly environment?: Readonly<Record<string, string>> },
  ) => Promise<void>;
  readonly note: (text: string) => void;
}

/** One thing that setup makes sure of. */
export interface SetupStep {
  readonly name: string;
  /** Why the step has to run now; undefined when all is as it should be. */
  readonly reason: () => Promise<string | undefined> | string | undefined;
  readonly perform: (context: StepContext) => Promise<void>;
}

/** Time since a moment of Date.now(), for people. */
export function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

function runLogged(
  log: number,
  command: string,
  args: readonly string[],
  options: { readonly workingDir?: string; readonly environment?: Readonly<Record<string, string>> },
): Promise<void> {
  writeSync(log, `$ ${command} ${args.join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.workingDir,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', log, log],
    });
    child.once('error', (error) => {
      reject(new StackError(`can't run ${command}: ${error.message}`, { cause: error }));
    });
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new StackError(`${command} ${args.slice(0, 3).join(' ')} ... ended with ${String(code)}`));
    });
  });
}

async function performStep(step: SetupStep, reason: string, logDir: string, say: Say): Promise<void> {
  const started = Date.now();
  const logFile = path.join(logDir, `setup-${step.name.replaceAll(/[^a-z0-9]+/giu, '-')}.log`);
  mkdirSync(logDir, { recursive: true });
  const log = openSync(logFile, 'w');
  say(`setup: ${step.name} (${reason}) ...`);
  const heartbeat = setInterval(() => {
    say(`setup: ${step.name} ... ${seconds(started)}`);
  }, 15_000);
  try {
    await step.perform({
      run: (command, args, options = {}) => runLogged(log, command, args, options),
      note: (text) => {
        say(`setup: ${step.name}: ${text}`);
      },
    });
  } catch (error) {
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
    throw new StackError(
      `setup: ${step.name} failed after ${seconds(started)}: ${messageOf(error)}\n${tail}\n(whole log: ${logFile})`,
      { cause: error },
    );
  } finally {
    clearInterval(heartbeat);
    closeSync(log);
  }
  say(`setup: ${step.name} done in ${seconds(started)}`);
}

/** Runs, in order, the steps that have a reason to run, up to the first failure. Returns how many ran. */
export async function runSteps(steps: readonly SetupStep[], logDir: string, say: Say = console.log): Promise<number> {
  let performed = 0;
  for (const step of steps) {
    const reason = await step.reason();
    if (reason === undefined) continue;
    performed += 1;
    await performStep(step, reason, logDir, say);
  }
  return performed;
}

/** Runs lanes of steps that don't need each other side by side. Every lane comes to its end before a failure is thrown. */
export async function runLanes(
  lanes: readonly (readonly SetupStep[])[],
  logDir: string,
  say: Say = console.log,
): Promise<number> {
  const results = await Promise.allSettled(lanes.map((steps) => runSteps(steps, logDir, say)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
  if (failures.length > 0) throw new StackError(failures.join('\n'));
  return results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
}
