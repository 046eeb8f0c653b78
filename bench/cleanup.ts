/** What must be stopped however a bench ends. */
const pending = new Set<() => Promise<void>>();

/** Remembers how to stop something. @returns what stops it, once */
export function cleanUp(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const once = (): Promise<void> => {
    pending.delete(once);
    stopping ??= stop();
    return stopping;
  };
  pending.add(once);
  return once;
}

/** Stops all that still runs. */
export async function cleanUpAll(): Promise<void> {
  await Promise.allSettled([...pending].map((stop) => stop()));
}
