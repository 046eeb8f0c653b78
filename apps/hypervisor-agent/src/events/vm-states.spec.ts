import type { DomainPower, ObservedVm } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { VmStates } from './vm-states.js';

const vm = (vmId: string, power: DomainPower): ObservedVm => ({ vmId, power, reason: 'unknown' });

describe(VmStates.name, () => {
  it('finds at first that every VM has appeared, and then nothing', () => {
    const sut = new VmStates();
    const listed = [vm('a', 'running'), vm('b', 'off')];
    expect(sut.beginListing().compare(listed)).toEqual([
      { vmId: 'a', difference: 'appeared', before: null, after: 'running', reason: 'unknown' },
      { vmId: 'b', difference: 'appeared', before: null, after: 'off', reason: 'unknown' },
    ]);
    expect(sut.beginListing().compare(listed)).toEqual([]);
  });

  it('finds what changed and what vanished', () => {
    const sut = new VmStates();
    sut.beginListing().compare([vm('a', 'running'), vm('b', 'off')]);
    expect(sut.beginListing().compare([vm('a', 'off')])).toEqual([
      { vmId: 'a', difference: 'changed', before: 'running', after: 'off', reason: 'unknown' },
      { vmId: 'b', difference: 'vanished', before: 'off', after: null, reason: null },
    ]);
    expect(sut.has('b')).toBe(false);
  });

  it('finds nothing that events have told', () => {
    const sut = new VmStates();
    for (const event of ['defined', 'started', 'suspended'] as const) sut.apply('a', { event });
    expect(sut.beginListing().compare([vm('a', 'paused')])).toEqual([]);
    for (const event of ['resumed', 'shutdown', 'stopped', 'undefined'] as const) sut.apply('a', { event });
    expect(sut.beginListing().compare([])).toEqual([]);
  });

  it('keeps a VM that was undefined while it runs', () => {
    const sut = new VmStates();
    sut.apply('a', { event: 'started' });
    sut.apply('a', { event: 'undefined' });
    expect(sut.beginListing().compare([vm('a', 'running')])).toEqual([]);
  });

  it('takes an event for newer than a list that was asked for before it', () => {
    const sut = new VmStates();
    sut.beginListing().compare([vm('a', 'off'), vm('b', 'off')]);
    const listing = sut.beginListing();
    sut.apply('a', { event: 'started' });
    expect(listing.compare([vm('a', 'off'), vm('b', 'running')])).toMatchObject([{ vmId: 'b', after: 'running' }]);
    expect(sut.beginListing().compare([vm('a', 'running'), vm('b', 'running')])).toEqual([]);
  });
});
