import type { RunningChild } from './child-process.ts';
import { watchLiveness, type Liveness } from './liveness.ts';
import { messageOf } from './stack-error.ts';

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
const STABLE_AFTER_MS = 60_000;

export interface Supervision {
  readonly say: (line: string) => void;
  /** Told of each start after the first, and why. */
  readonly restarting?: (name: string, reason: string) => void;
  /** A process that lived this long starts over with the first back-off. A minute when left out. */
  readonly stableAfterMs?: number;
}

/** Keeps one program running: starts it again, ever more slowly, when it ends without having been asked to. */
export class SupervisedProcess {
  readonly name: string;
  private readonly launch: () => Promise<RunningChild>;
  private readonly report: Supervision;
  private readonly liveness: Liveness | undefined;
  private child: RunningChild | undefined;
  private stopping = false;
  private silent = false;
  private backoffMs = FIRST_BACKOFF_MS;
  private wakeUp: (() => void) | undefined;
  private watching: Promise<void> = Promise.resolve();
  /** How often it ended by itself since the start of the stack. */
  crashes = 0;

  constructor(name: string, launch: () => Promise<RunningChild>, report: Supervision, liveness?: Liveness) {
    this.name = name;
    this.liveness = liveness;
    this.launch = launch;
    this.report = report;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get logFile(): string | undefined {
    return this.child?.logFile;
  }

  /** The first launch; its failure is the caller's. */
  async start(): Promise<void> {
    this.child = await this.launch();
    this.watching = this.watch(this.child);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp?.();
    // A relaunch that is under way gives a child a moment later; watch() sees `stopping` and stops it.
    const wasRunning = this.child?.isRunning() === true;
    const exit = await this.child?.stop();
    if (wasRunning && exit?.signal === 'SIGKILL') this.report.say(`${this.name} did not end when asked and was killed`);
    await this.watching;
  }

  private async watch(first: RunningChild): Promise<void> {
    let child: RunningChild | undefined = first;
    while (!this.stopping) {
      if (child !== undefined) await this.untilItEnds(child);
      if (this.stopping) return;
      await this.backOff();
      if (this.stopping) return;
      child = await this.relaunch();
    }
    await child?.stop();
  }

  private async untilItEnds(child: RunningChild): Promise<void> {
    const started = Date.now();
    this.silent = false;
    const unwatch = this.watchSilence(child);
    const exit = await child.exited;
    unwatch();
    if (this.stopping) return;
    this.crashes += 1;
    if (Date.now() - started > (this.report.stableAfterMs ?? STABLE_AFTER_MS)) this.backoffMs = FIRST_BACKOFF_MS;
    const end = exit.signal ?? `code ${String(exit.code)}`;
    this.report.restarting?.(this.name, this.silent ? 'silent' : end);
    this.report.say(
      `${this.name} ended (${end}), starting it again in ${String(this.backoffMs)} ms (restart ${String(this.crashes)}); log: ${child.logFile}`,
    );
  }

  /** Silence becomes an end, which is acted on as any other. */
  private watchSilence(child: RunningChild): () => void {
    const { liveness } = this;
    if (liveness === undefined) return () => undefined;
    return watchLiveness(liveness, () => {
      if (this.stopping) return;
      this.silent = true;
      this.report.say(
        `${this.name} has not answered for ${String(liveness.silentForMs / 1000)} s and is ended; log: ${child.logFile}`,
      );
      void child.stop();
    });
  }

  private async backOff(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.backoffMs);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.backoffMs = Math.min(this.backoffMs * 2, LONGEST_BACKOFF_MS);
  }

  private async relaunch(): Promise<RunningChild | undefined> {
    try {
      this.child = await this.launch();
      return this.child;
    } catch (error) {
      this.report.say(`${this.name} could not be started: ${messageOf(error)}`);
      return undefined;
    }
  }
}
