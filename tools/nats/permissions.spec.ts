import { EVENT_CONTRACTS, SERVICE_NAMES } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';

import { streamCallsOf } from './permissions.ts';

describe(streamCallsOf, () => {
  it.each(SERVICE_NAMES)('names each call of %s once, as the server demands', (service) => {
    const { once, severalTimes } = streamCallsOf(service, 'host');
    const calls = [...once, ...severalTimes];
    expect(calls.filter((call, at) => calls.indexOf(call) !== at)).toEqual([]);
  });

  it('is tried with an event that has two versions', () => {
    const names = EVENT_CONTRACTS.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(new Set(names).size);
  });
});
