import type { SubgraphName } from '@infinibay/contracts';
import type { Probe } from '@infinibay/platform-health';

const TIMEOUT_MS = 2_000;

/** Whether a subgraph's process answers. Whether it is ready itself is for its own readiness to say. */
export const subgraphProbe = (service: SubgraphName, url: string): Probe => ({
  name: service,
  check: async () => {
    const response = await fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`answers with status ${response.status}`);
  },
});
