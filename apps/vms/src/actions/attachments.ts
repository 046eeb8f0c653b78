import { DomainError, isRetryable } from '@infinibay/contracts';
import type { StepOutcome } from './step.js';

/** What is plugged into a VM, shall be, or shall no more be: a volume, or a port. */
interface Attachable {
  readonly id: string;
  readonly attachment: 'ATTACHING' | 'ATTACHED' | 'DETACHING' | null;
}

export interface Attachments<A extends Attachable> {
  readonly items: readonly A[];
  /** Whether it is what the operation is about; null: nobody waits for any of them. */
  readonly isAwaited: ((item: A) => boolean) | null;
}

/** By their ids: what the step attached or detached, and what it came to know that it can't be attached. */
export interface Moved {
  readonly moved: readonly string[];
  readonly refused: readonly string[];
}

/** Trying again does not help. */
export const isHopeless = (error: unknown): boolean =>
  error instanceof DomainError && error.code !== 'STALE_FENCE' && !isRetryable(error);

/** What the operation is about comes first, and the rest in the order that it is in. */
const inTurn = <A extends Attachable>(
  { items, isAwaited }: Attachments<A>,
  attachment: Attachable['attachment'],
): A[] => {
  const rank = (item: A): number => Number(isAwaited?.(item) === true);
  return items.filter((item) => item.attachment === attachment).sort((a, b) => rank(b) - rank(a));
};

/**
 * One that nobody waits for does not stand in the way of another.
 * @returns why it failed; undefined: it did not
 * @throws what concerns the whole VM, or what the operation is about
 */
const byItself = async (isAwaited: boolean, work: () => Promise<void>): Promise<DomainError | undefined> => {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'STALE_FENCE' || isAwaited) throw error;
    return error;
  }
};

/** Asks for each that shall come. What has come of it is to be recorded with the step. */
export const attachEach = async <A extends Attachable>(
  attachments: Attachments<A>,
  attach: (item: A) => Promise<unknown>,
): Promise<Moved & { readonly outcome: StepOutcome }> => {
  const { isAwaited } = attachments;
  const [moved, refused]: [string[], string[]] = [[], []];
  let isComplete = true;
  for (const item of inTurn(attachments, 'ATTACHING')) {
    const failure = await byItself(isAwaited?.(item) === true, async () => {
      await attach(item);
      moved.push(item.id);
    });
    if (failure === undefined) continue;
    if (isRetryable(failure)) isComplete = false;
    else refused.push(item.id);
  }
  return { moved, refused, outcome: isComplete || isAwaited !== null ? 'done' : 'pending' };
};

/**
 * A guest lets go of a device when it likes. One that it keeps keeps nobody waiting who asked for another.
 * @param detach answers whether it is gone
 */
export const detachEach = async <A extends Attachable>(
  attachments: Attachments<A>,
  detach: (item: A) => Promise<boolean>,
): Promise<Moved & { readonly outcome: StepOutcome }> => {
  const { isAwaited } = attachments;
  const due = inTurn(attachments, 'DETACHING');
  const gone: string[] = [];
  for (const item of due)
    await byItself(isAwaited?.(item) === true, async () => {
      if (await detach(item)) gone.push(item.id);
    });
  const awaited = isAwaited === null ? due : due.filter(isAwaited);
  return { moved: gone, refused: [], outcome: awaited.every(({ id }) => gone.includes(id)) ? 'done' : 'pending' };
};

/**
 * A definition that was just written has none of them: they are put into it, one by one. A VM does not start without one
 * that it has; one that was still to come, and can't, is given back.
 * @returns the ids of those
 */
export const defineEach = async <A extends Attachable>(
  items: readonly A[],
  attach: (item: A) => Promise<unknown>,
): Promise<string[]> => {
  const refused: string[] = [];
  for (const item of items.filter(({ attachment }) => attachment !== 'DETACHING'))
    try {
      await attach(item);
    } catch (error) {
      if (item.attachment !== 'ATTACHING' || !isHopeless(error)) throw error;
      refused.push(item.id);
    }
  return refused;
};
