import { setTimeout as delay } from 'node:timers/promises';
import { GraphClient, GraphError } from './graph-client.ts';

/** How often something is asked for while the services have no answer in time, as on a busy machine. */
const TRIES = 30;
const PAUSE_MS = 1_000;

/** A client that asks again, with the same idempotency key, where no answer came in time: as frontends should. */
export class PatientGraphClient extends GraphClient {
  override login(email: string, password: string): Promise<string> {
    return patiently(() => super.login(email, password));
  }

  override ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    return patiently(() => super.ask<T>(query, variables));
  }
}

const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0 || !isPassing(error)) throw error;
    }
    await delay(PAUSE_MS);
  }
};

/**
 * Nobody answered in time, or the connection broke before the answer. `fetch` tells that by a TypeError, in specs by one of
 * another realm.
 */
const isPassing = (error: unknown): boolean =>
  error instanceof GraphError
    ? error.code === 'SERVICE_UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED'
    : error instanceof Error && error.name === 'TypeError';
