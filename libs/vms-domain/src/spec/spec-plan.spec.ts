import { describe, expect, it } from '@jest/globals';
import type { DomainPower } from '@infinibay/contracts';
import type { Observed } from '../planning.js';
import { plan } from '../plan.js';
import { taskOf, type DesiredState, type Step } from '../registry.js';

const ROOMY = { vcpus: 1, maxVcpus: 2, memoryKib: 131_072, maxMemoryKib: 262_144 };

const observed = (power: DomainPower, changes: Partial<Observed> = {}): Observed => ({
  power,
  reason: 'user',
  isBuilt: true,
  isDiskSound: true,
  isAsked: false,
  isForceDue: false,
  completed: new Set<Step>(),
  sizes: {
    want: { vcpus: 2, maxVcpus: 2, memoryMib: 256, maxMemoryMib: 256 },
    have: { definition: ROOMY, live: power === 'off' ? null : ROOMY },
  },
  ...changes,
});

/** What is done about a VM of which every step comes about at once and changes nothing of its power. */
const stepsOf = (desired: DesiredState, facts: Observed): Step[] => {
  const done: Step[] = [];
  for (let round = 0; round < 10; round += 1) {
    const next = plan(desired, { ...facts, completed: new Set([...facts.completed, ...done]) });
    if (next.kind !== 'act') return done;
    done.push(next.step);
  }
  throw new Error('the plan does not end');
};

describe('a spec', () => {
  it.each<[DesiredState, DomainPower, readonly Step[]]>([
    ['RUNNING', 'running', ['redefine', 'update-live']],
    ['RUNNING', 'paused', ['redefine', 'update-live']],
    ['PAUSED', 'paused', ['redefine', 'update-live']],
    ['STOPPED', 'off', ['redefine']],
    ['FORCED_OFF', 'off', ['redefine']],
    ['STOPPED', 'shutting-down', []],
  ])('of a VM that shall be %s and is %s is brought about by %j', (desired, power, steps) => {
    expect(stepsOf(desired, observed(power))).toEqual(steps);
  });

  it('comes after the power, and never to a VM that shall go', () => {
    expect(plan('DELETED', observed('off'))).toEqual({ kind: 'act', step: 'undefine' });
    expect(plan('PAUSED', observed('running'))).toEqual({ kind: 'act', step: 'suspend' });
    expect(plan('STOPPED', observed('running'))).toEqual({ kind: 'act', step: 'shutdown' });
  });

  it('comes before a task', () => {
    const reboot = taskOf('REBOOT_VM');
    expect(plan('RUNNING', observed('running'), reboot)).toEqual({ kind: 'act', step: 'redefine' });
    const completed = new Set<Step>(['redefine', 'update-live']);
    expect(plan('RUNNING', observed('running', { completed }), reboot)).toEqual({ kind: 'act', step: 'reboot' });
  });

  it('comes before volumes that nobody waits for', () => {
    const pendingVolumes = 'attach-volume';
    expect(stepsOf('RUNNING', observed('running', { pendingVolumes }))).toEqual([
      'redefine',
      'update-live',
      'attach-volume',
    ]);
    expect(stepsOf('STOPPED', observed('off', { pendingVolumes }))).toEqual(['redefine', 'attach-volume']);
  });

  it('is not brought to a VM whose disk must not be used, nor to one that is as it shall be', () => {
    expect(plan('STOPPED', observed('off', { isDiskSound: false }))).toEqual({ kind: 'blocked' });
    expect(plan('RUNNING', observed('running', { sizes: null }))).toEqual({ kind: 'settled' });
  });
});
