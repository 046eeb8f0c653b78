/** Rounds of `churn` that one millisecond of CPU does on the machine that the project's time limits were set on. */
const ROUNDS_PER_MS = 40;
const SAMPLES = 5;
const SAMPLE_MS = 100;
/** Beyond this a limit would only hide that something hangs. */
const MOST = 8;

/** Work that is neither optimised away nor held up by memory. */
function churn(seed: number): number {
  let state = seed | 1;
  for (let step = 0; step < 10_000; step += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

export interface Measured {
  /** Of wall time that a busy thread got the processor: 1 on a quiet machine, less where others work too. */
  readonly share: number;
  /** Rounds per millisecond of CPU, against those of the machine of reference. */
  readonly speed: number;
}

/** Works for half a second, and compares the work that was done, the CPU time that it took, and the time that passed. */
export function measureMachine(): Measured {
  let [rounds, cpuMs, wallMs, state] = [0, 0, 0, 1];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const [begun, before] = [performance.now(), process.threadCpuUsage()];
    while (performance.now() - begun < SAMPLE_MS) {
      state = churn(state);
      rounds += 1;
    }
    const used = process.threadCpuUsage(before);
    cpuMs += (used.user + used.system) / 1_000;
    wallMs += performance.now() - begun;
  }
  return { share: Math.min(1, cpuMs / wallMs), speed: rounds / cpuMs / ROUNDS_PER_MS };
}

/** How many times longer things take here than on a quiet machine of reference: 1 to 8. */
export function slownessOf({ share, speed }: Measured): number {
  const slowness = 1 / (share * Math.min(1, speed));
  return Number.isFinite(slowness) ? Math.min(MOST, Math.max(1, Math.round(slowness * 10) / 10)) : MOST;
}
