/** Between two times that one request is sent again; doubled each time. */
export const RESEND_PAUSE_MS = 1_000;

export interface Asking<T> {
  /** Sends the request; rejects when no answer came within the time. */
  readonly ask: (timeoutMs: number) => Promise<T>;
  readonly timeoutMs: number;
  /** Has `again` called whenever whoever answers may have lost the request. @returns ends it */
  readonly follow: (again: () => void) => () => void;
  /** Told each time that it is sent again. */
  readonly onAgain: () => void;
  /** Aborted when nobody waits any longer. */
  readonly signal: AbortSignal;
}

/**
 * Sends a request, again when its owner has begun to listen meanwhile, and takes the first answer. At once the first time,
 * then after pauses that double: an owner that flaps, or that dies of this very request, is not given it without end.
 * @throws what the first sending does, and the signal's reason: a later sending changes nothing when it fails
 */
export const untilAnswered = async <T>({ ask, timeoutMs, follow, onAgain, signal }: Asking<T>): Promise<T> => {
  const endsAt = performance.now() + timeoutMs;
  const answer = Promise.withResolvers<T>();
  signal.addEventListener('abort', () => {
    answer.reject(signal.reason);
  });
  let pauseMs = RESEND_PAUSE_MS;
  let notBefore = 0;
  let due: NodeJS.Timeout | undefined;
  const sendAgain = (): void => {
    due = undefined;
    const leftMs = endsAt - performance.now();
    if (leftMs <= 0) return;
    notBefore = performance.now() + pauseMs;
    pauseMs *= 2;
    onAgain();
    ask(leftMs).then(answer.resolve, () => undefined);
  };
  // Several starts within a pause are one.
  const end = follow(() => {
    due ??= setTimeout(sendAgain, Math.max(0, notBefore - performance.now()));
  });
  try {
    ask(timeoutMs).then(answer.resolve, answer.reject);
    return await answer.promise;
  } finally {
    end();
    clearTimeout(due);
  }
};
