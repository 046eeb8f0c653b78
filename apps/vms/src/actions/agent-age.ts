import { DomainError, inspectVm } from '@infinibay/contracts';
import type { RequestClient } from '@infinibay/platform-messaging';

/** Whom something is asked about, and who asks. */
export interface AboutVm {
  readonly requests: RequestClient;
  readonly vmId: string;
  readonly hostId: string;
}

/**
 * Asks an agent of any version for what older ones do not know. One that answers what every version knows, and not this,
 * even when it is asked once more after that, is an older one.
 * @returns undefined when the agent of the host is too old to know of it
 */
export const unlessTooOld = async <T extends object>(
  { requests, vmId, hostId }: AboutVm,
  ask: () => Promise<T>,
): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (!hasNoResponders(error)) throw error;
  }
  await requests.call(inspectVm, { vmId }, { hostId });
  try {
    return await ask();
  } catch (error) {
    if (!hasNoResponders(error)) throw error;
    return undefined;
  }
};

const hasNoResponders = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'HOST_UNAVAILABLE' && error.details['reason'] === 'no responders';
