import { setTimeout as delay } from 'node:timers/promises';

import { logTail } from './child-process.ts';
import { listensOn } from './port-owner.ts';
import { StackError } from './stack-error.ts';
import type { SupervisedProcess } from './supervised-process.ts';

/** A service that crashes more often than this before it was ever ready will not become so. */
const CRASHES_BEFORE_GIVING_UP = 3;

export interface HealthAnswer {
  readonly ready: boolean;
  /** The body as sent, for the operator. */
  readonly detail: string;
}

/** Asks a service for its readiness; an unreachable one is not ready. */
export async function askReadiness(port: number): Promise<HealthAnswer> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}/health/ready`, {
      signal: AbortSignal.timeout(3_000),
    });
    return { ready: response.ok, detail: await response.text() };
  } catch {
    return { ready: false, detail: 'no answer' };
  }
}

export interface ReadinessOptions {
  readonly timeoutMs: number;
  /** Throws when the start was called off. */
  readonly checkpoint: () => void;
  readonly say: (line: string) => void;
}

/** Returns when the service says that it is ready. */
export async function waitForReadiness(
  service: SupervisedProcess,
  port: number,
  options: ReadinessOptions,
): Promise<void> {
  const started = Date.now();
  for (;;) {
    options.checkpoint();
    const { ready, detail } = await askReadiness(port);
    const seconds = (Date.now() - started) / 1000;
    if (ready && service.pid !== undefined && listensOn(service.pid, port)) {
      options.say(`${service.name} ready after ${seconds.toFixed(1)} s`);
      return;
    }
    const reason =
      service.crashes >= CRASHES_BEFORE_GIVING_UP
        ? `ended ${String(service.crashes)} times`
        : Date.now() - started > options.timeoutMs
          ? `is not ready after ${seconds.toFixed(0)} s (${detail.slice(0, 300)})`
          : undefined;
    if (reason !== undefined) throw new StackError(`${service.name} ${reason}\n${logTail(service.logFile ?? '')}`);
    await delay(100);
  }
}
