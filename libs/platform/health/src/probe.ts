import { newServiceContext, runInContext } from '@infinibay/platform-logging';

/** One dependency that readiness depends on. */
export interface Probe {
  readonly name: string;
  /** False: told, but the service is ready without it. */
  readonly required?: boolean;
  /** Resolves when the dependency really works (writes, publishes, answers); rejects with the reason when not. */
  check(): Promise<void>;
  /** What the operator should know beside ready or not; never a secret. */
  detail?(): Readonly<Record<string, unknown>> | undefined;
}

export interface ProbeResult {
  readonly name: string;
  readonly ok: boolean;
  /** Only there when false: the service is ready without it. */
  readonly required?: false;
  readonly latencyMs: number;
  /** Short reason when not ok; never a secret. */
  readonly error?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 2_500;

export const runProbe = async (probe: Probe): Promise<ProbeResult> => {
  const started = performance.now();
  const latency = () => Math.round((performance.now() - started) * 10) / 10;
  const need = probe.required === false ? ({ required: false } as const) : {};
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new Error(`no answer within ${TIMEOUT_MS} ms`));
  }, TIMEOUT_MS);
  try {
    // What hangs is ended too: a probe every second would otherwise hold every connection that there is.
    const check = runInContext({ ...newServiceContext(), signal: controller.signal }, () => probe.check());
    await Promise.race([check, ended(controller.signal)]);
    return { name: probe.name, ok: true, latencyMs: latency(), ...need, ...detailOf(probe) };
  } catch (error) {
    return { name: probe.name, ok: false, latencyMs: latency(), error: firstLine(error), ...need, ...detailOf(probe) };
  } finally {
    clearTimeout(timer);
  }
};

const ended = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('ended'));
    });
  });

/** What is to be known matters most when the dependency fails. */
const detailOf = (probe: Probe): Pick<ProbeResult, 'detail'> => {
  const detail = probe.detail?.();
  return detail === undefined ? {} : { detail };
};

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.slice(0, 200) ?? 'unknown';
