/** How a program is asked whether it still lives, and for how long it may be silent. */
export interface Liveness {
  /** Whether it answered. Never rejects. */
  readonly probe: () => Promise<boolean>;
  readonly everyMs: number;
  /** Silent for this long, miss after miss, it is started again. */
  readonly silentForMs: number;
}

const ASK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 4_000;

/** Any answer will do: what a service says of itself is for its operator. */
async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}/health/live`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** How often everything is asked, and the operator's limit. */
export const livenessTimes = (silenceSeconds: number): Pick<Liveness, 'everyMs' | 'silentForMs'> => ({
  everyMs: ASK_EVERY_MS,
  silentForMs: silenceSeconds * 1_000,
});

/** A service's liveness. */
export const serviceLiveness = (port: number, silenceSeconds: number): Liveness => ({
  probe: () => answers(port),
  ...livenessTimes(silenceSeconds),
});

/**
 * Calls `onSilent` when a program that has answered once is silent for the stated time. A miss counts only when our own
 * timer was on time: on an overloaded machine we are late as well, and a restart would make it worse.
 * @returns what ends the watch
 */
export function watchLiveness({ probe, everyMs, silentForMs }: Liveness, onSilent: () => void): () => void {
  const missesToAct = Math.max(2, Math.ceil(silentForMs / everyMs));
  let misses = 0;
  let hasAnswered = false;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async (dueAt: number): Promise<void> => {
    const onTime = performance.now() - dueAt < everyMs / 2;
    const answered = await probe();
    if (ended) return;
    if (answered) {
      hasAnswered = true;
      misses = 0;
    } else if (hasAnswered && onTime) misses += 1;
    if (misses >= missesToAct) onSilent();
    else next();
  };
  const next = (): void => {
    const dueAt = performance.now() + everyMs;
    timer = setTimeout(() => void ask(dueAt), everyMs);
  };
  next();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
