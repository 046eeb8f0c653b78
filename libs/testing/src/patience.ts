import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** How much longer than on a quiet machine of today anything may take before it counts as hung. */
const GENEROSITY = 3;

/**
 * How many times slower than quiet this machine was at the start of the test run: 1 and more. The runner measures it
 * (`tools/test/slowness.ts`) and hands it on by INFINIBAY_TEST_SLOWNESS.
 */
const slownessAtStart = (): number => {
  const measured = Number(process.env['INFINIBAY_TEST_SLOWNESS'] ?? '');
  return Number.isFinite(measured) && measured > 1 ? measured : 1;
};

/** How many runnable threads share one core right now, 1 at least. */
export const loadNow = (): number => {
  try {
    const runnable = Number(/ (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1]);
    return Math.max(1, runnable / availableParallelism()) || 1;
  } catch {
    return 1;
  }
};

/**
 * A time limit of a spec for this machine: a limit is there to end what hangs, not to say how fast something is.
 * @param ms generous for a quiet machine
 */
export const patience = (ms: number): number => Math.ceil(ms * GENEROSITY * slownessAtStart());

/** Where a {@link PatientDeadline} takes its time and the load of the machine from. */
export interface Surroundings {
  /** Monotonic, milliseconds. */
  readonly now: () => number;
  /** Runnable threads per core, 1 at least. */
  readonly load: () => number;
}

const MACHINE: Surroundings = { now: () => performance.now(), load: loadNow };

/**
 * A time limit that moves away while the machine does other things: it passes when {@link patience} is over, stretched
 * by the load that was there meanwhile, where this is more than at the start of the run.
 */
export class PatientDeadline {
  private readonly begun: number;
  private readonly atStart = slownessAtStart();
  private loads = 0;
  private looks = 0;

  constructor(
    private readonly timeoutMs: number,
    private readonly around: Surroundings = MACHINE,
  ) {
    this.begun = around.now();
  }

  get elapsedMs(): number {
    return Math.round(this.around.now() - this.begun);
  }

  /** Ask often: each question also looks at the load. */
  hasPassed(): boolean {
    this.loads += this.around.load();
    this.looks += 1;
    const slowness = Math.max(this.atStart, this.loads / this.looks);
    return this.around.now() - this.begun >= this.timeoutMs * GENEROSITY * slowness;
  }
}
