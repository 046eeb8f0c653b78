import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { becomesTrue } from './polling.ts';
import { identityOf, isAlive, signalProcess, type ProcessIdentity } from './process-identity.ts';
import { errnoOf, StackError } from './stack-error.ts';

const LOG_ROTATE_BYTES = 16 * 1024 * 1024;

export interface ChildSpec {
  /** Names the log file and the process record. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly logFile: string;
  /** Folder for the record that lets a later run find this process after a crash of ours. */
  readonly runDir: string;
  readonly stopSignal?: NodeJS.Signals;
  readonly stopTimeoutMs?: number;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child that was started; `exited` never rejects. */
export interface RunningChild {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  readonly isRunning: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Asks it to end, waits, kills what does not obey. Returns once it is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<ChildExit>;
}

function rotateLog(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_ROTATE_BYTES) renameSync(logFile, `${logFile}.1`);
}

function recordFile(runDir: string, name: string): string {
  return path.join(runDir, `${name}.pid.json`);
}

/** The last lines of a log, shortened, for messages that tell why something did not start. */
export function logTail(logFile: string, lines = 8, lineLength = 400): string {
  try {
    return readFileSync(logFile, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => line.slice(0, lineLength))
      .join('\n');
  } catch {
    return '(no log)';
  }
}

function spawnDetached(spec: ChildSpec): ChildProcess {
  mkdirSync(path.dirname(spec.logFile), { recursive: true });
  rotateLog(spec.logFile);
  const log = openSync(spec.logFile, 'a', 0o600);
  try {
    // Detached: a Ctrl-C in the terminal reaches only us, so that we decide the order of stopping.
    return spawn(spec.command, [...spec.args], {
      cwd: spec.workingDir,
      env: { ...spec.environment },
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

async function stopChild(
  identity: ProcessIdentity,
  exited: Promise<ChildExit>,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<ChildExit> {
  signalProcess(identity, signal);
  // A stopped (SIGSTOP) child would never see the signal.
  signalProcess(identity, 'SIGCONT');
  const ended = await becomesTrue(() => !isAlive(identity), timeoutMs);
  if (!ended) signalProcess(identity, 'SIGKILL');
  return exited;
}

/** On a full disk the child runs without a record: to refuse it would leave it running and start a second one. */
function writeRecord(file: string, text: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EIO') throw error;
  }
}

/** Starts a child in its own session with its output in a file. Throws when it can't be executed. */
export async function startChild(spec: ChildSpec): Promise<RunningChild> {
  const child = spawnDetached(spec);
  const exited = new Promise<ChildExit>((resolve) =>
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    }),
  );
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      reject(new StackError(`can't start ${spec.name} (${spec.command}): ${error.message}`, { cause: error }));
    });
  });
  const pid = child.pid;
  if (pid === undefined) throw new StackError(`${spec.name} has no process id`);
  const identity = identityOf(pid) ?? { pid, startTime: 'ended' };
  const record = recordFile(spec.runDir, spec.name);
  writeRecord(record, JSON.stringify({ ...identity, name: spec.name }));
  void exited.then(() => {
    rmSync(record, { force: true });
  });
  return {
    name: spec.name,
    pid,
    logFile: spec.logFile,
    exited,
    isRunning: () => isAlive(identity),
    kill: (signal) => {
      signalProcess(identity, signal);
    },
    stop: (signal) => stopChild(identity, exited, signal ?? spec.stopSignal ?? 'SIGTERM', spec.stopTimeoutMs ?? 10_000),
  };
}
