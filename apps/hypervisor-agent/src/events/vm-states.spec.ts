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

  it('takes a definition during the list for no news of the power', () => {
    const sut = new VmStates();
    sut.beginListing().compare([vm('a', 'running')]);
    const listing = sut.beginListing();
    sut.apply('a', { event: 'defined' });
    expect(listing.compare([vm('a', 'off')])).toMatchObject([{ vmId: 'a', before: 'running', after: 'off' }]);
    expect(sut.beginListing().compare([vm('a', 'off')])).toEqual([]);
  });

  it('finds that a VM runs which it heard of at first by a definition', () => {
    const sut = new VmStates();
    const listing = sut.beginListing();
    sut.apply('a', { event: 'defined' });
    expect(listing.compare([vm('a', 'running')])).toMatchObject([{ vmId: 'a', after: 'running' }]);
  });

  it('takes a definition for newer than a list without the VM', () => {
    const sut = new VmStates();
    sut.beginListing().compare([vm('a', 'running')]);
    const listing = sut.beginListing();
    for (const vmId of ['a', 'new']) sut.apply(vmId, { event: 'defined' });
    expect(listing.compare([])).toEqual([
      { vmId: 'a', difference: 'changed', before: 'running', after: 'off', reason: null },
    ]);
    expect(sut.beginListing().compare([vm('a', 'off'), vm('new', 'off')])).toEqual([]);
  });

  it('finds the true state of a VM that was undefined during the list, whatever was believed of it', () => {
    for (const believed of ['running', 'off'] as const) {
      const sut = new VmStates();
      sut.beginListing().compare([vm('runs', believed), vm('off', believed), vm('gone', believed)]);
      const listing = sut.beginListing();
      for (const vmId of ['runs', 'off', 'gone']) sut.apply(vmId, { event: 'undefined' });
      listing.compare([vm('runs', 'running'), vm('off', 'off')]);
      expect(['runs', 'off', 'gone'].filter((vmId) => sut.has(vmId))).toEqual(['runs']);
      sut.apply('runs', { event: 'stopped' });
      expect(sut.has('runs')).toBe(false);
    }
  });

  it('forgets a VM that was undefined while it ran, when it stops', () => {
    const sut = new VmStates();
    for (const event of ['started', 'undefined', 'stopped'] as const) sut.apply('a', { event });
    expect(sut.has('a')).toBe(false);
    expect(sut.beginListing().compare([])).toEqual([]);
  });

  it('keeps a VM that was undefined and defined again while it ran, when it stops', () => {
    const sut = new VmStates();
    for (const event of ['started', 'undefined', 'defined', 'stopped'] as const) sut.apply('a', { event });
    expect(sut.beginListing().compare([vm('a', 'off')])).toEqual([]);
  });

  it('knows after a list that was given up what it knew before', () => {
    const sut = new VmStates();
    sut.beginListing().compare([vm('a', 'off')]);
    const listing = sut.beginListing();
    sut.apply('a', { event: 'started' });
    listing.giveUp();
    expect(sut.beginListing().compare([vm('a', 'running')])).toEqual([]);
    expect(sut.beginListing().compare([vm('a', 'off')])).toMatchObject([{ before: 'running', after: 'off' }]);
  });
});
