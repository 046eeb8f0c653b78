import { describe, expect, it } from '@jest/globals';
import { vmUpdated } from '@infinibay/contracts';
import { newServiceContext, runInContext, setServiceActor } from '@infinibay/platform-logging';
import { changesBetween, updatedEvent, type VmFacts } from './vm-facts.js';

const facts: VmFacts = { name: 'web-1', description: 'Front', tags: ['a', 'b'], deletionProtected: false };
const VM = { id: '0196f5a0-0000-7000-8000-000000000001', departmentId: '0196f5a0-0000-7000-8000-0000000000d1' };

describe('what changed of a VM', () => {
  it.each([
    [{}, []],
    [{ name: 'web-2' }, ['name']],
    [{ description: '' }, ['description']],
    [{ tags: [] }, ['tags']],
    [{ tags: ['a'] }, ['tags']],
    [{ tags: ['a', 'b', 'c'] }, ['tags']],
    [{ tags: ['a', 'b'] }, []],
    [{ deletionProtected: true }, ['deletion-protection']],
    [
      { name: 'x', description: 'y', tags: ['z'], deletionProtected: true },
      ['name', 'description', 'tags', 'deletion-protection'],
    ],
  ])('%j is %j', (change: Partial<VmFacts>, changed) => {
    expect(changesBetween(facts, { ...facts, ...change })).toEqual(changed);
  });

  it('is told in the words of the contract', () => {
    setServiceActor('vms');
    const event = runInContext(newServiceContext(), () => updatedEvent(VM, ['tags'], facts));
    expect(event).toMatchObject({ name: 'vm.updated', version: 1, departmentId: VM.departmentId });
    expect(vmUpdated.data.parse(event.data)).toEqual({ vmId: VM.id, changed: ['tags'], ...facts });
  });
});
