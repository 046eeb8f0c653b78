import type { GuestSample } from '@infinibay/contracts';

/** NATS carries 1 MiB a message; some is left for the envelope. */
const MAX_REPLY_BYTES = 900_000;

const sizeOf = (sample: GuestSample): number => Buffer.byteLength(JSON.stringify(sample)) + 1;

/** The first samples that fit into one reply; the caller asks for more from the last one's time on. */
export const firstThatFit = (samples: readonly GuestSample[], limit = MAX_REPLY_BYTES): GuestSample[] => {
  let bytes = 0;
  const tooMany = samples.findIndex((sample) => (bytes += sizeOf(sample)) > limit);
  return samples.slice(0, tooMany === -1 ? samples.length : tooMany);
};

/**
 * All samples in one reply. Where they are too large, those beyond their equal share go without their lists, the longest list
 * first: what one guest says of itself takes nothing from others.
 */
export const allThatFit = (samples: readonly GuestSample[], limit = MAX_REPLY_BYTES): GuestSample[] => {
  const lists = ['processes', 'interfaces', 'disks', 'cores'] as const;
  const share = limit / Math.max(1, samples.length);
  let shown = [...samples];
  for (const list of lists) {
    if (shown.reduce((sum, sample) => sum + sizeOf(sample), 0) <= limit) return shown;
    shown = shown.map((sample) =>
      sizeOf(sample) <= share ? sample : { ...sample, metrics: { ...sample.metrics, [list]: [] } },
    );
  }
  return shown;
};
