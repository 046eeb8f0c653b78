import { describe, expect, it } from '@jest/globals';
import type { DomainPower } from '@infinibay/contracts';
import fc from 'fast-check';
import { isOff, type Observed, type Plan } from './planning.js';
import { plan, type DesiredState, type Step } from './registry.js';

/** A host that does what it is told, for walking plans to their end. */
class World {
  power: DomainPower | null = null;
  reason = '';
  disk = false;
  built = false;
  network = false;
  filter = false;
  disksMade = 0;
  /** Whether a guest that is resumed stays paused. */
  stuck = false;
  completed = new Set<Step>();
  readonly done: Step[] = [];
  startedUnfiltered = false;

  next(desired: DesiredState, isAsked = true): Plan<Step> {
    return plan(desired, {
      power: this.power,
      reason: this.reason,
      isBuilt: this.built,
      isDiskSound: this.disk,
      isAsked,
      completed: this.completed,
    });
  }

  step(desired: DesiredState, isAsked = true): boolean {
    const next = this.next(desired, isAsked);
    if (next.kind === 'act') this.perform(next.step);
    else if (next.kind === 'wait' && next.reason !== 'paused')
      this.power = next.reason === 'starting' ? 'running' : 'off';
    else return false;
    return true;
  }

  /** A kill: what was remembered is gone, what was done stays. */
  crash(): void {
    this.completed = new Set();
  }

  private perform(step: Step): void {
    this.done.push(step);
    this.completed.add(step);
    const effects: Record<Step, () => void> = {
      'attach-network': () => (this.network = true),
      'ensure-disk': () => {
        if (!this.disk) this.disksMade += 1;
        this.disk = true;
        this.built = true;
      },
      protect: () => (this.filter = true),
      define: () => (this.power ??= 'off'),
      start: () => {
        this.startedUnfiltered ||= !this.filter;
        this.power = 'running';
      },
      resume: () => (this.power = this.stuck ? 'paused' : 'running'),
      shutdown: () => (this.power = 'shutting-down'),
      reboot: () => (this.power = 'running'),
      'force-off': () => (this.power = 'off'),
      undefine: () => (this.power = null),
      'remove-disk': () => (this.disk = false),
      unprotect: () => (this.filter = false),
      'detach-network': () => (this.network = false),
    };
    effects[step]();
  }
}

const walk = (world: World, desired: DesiredState, isAsked = true): void => {
  for (let steps = 0; world.step(desired, isAsked); steps += 1)
    if (steps > 30) throw new Error('the plan does not end');
};

describe('plan', () => {
  it('builds a VM in the order network, disk, filter, definition, start', () => {
    const world = new World();
    walk(world, 'RUNNING');
    expect(world.done).toEqual(['attach-network', 'ensure-disk', 'protect', 'define', 'start']);
  });

  it('ends at the desired state from anywhere, with kills and changes of mind in between, and never starts unfiltered', () => {
    const desired = fc.constantFrom<DesiredState>('RUNNING', 'STOPPED', 'FORCED_OFF');
    const moves = fc.array(fc.record({ desired, steps: fc.nat(8), crash: fc.boolean(), pause: fc.boolean() }), {
      maxLength: 12,
    });
    const last = fc.constantFrom<DesiredState>('RUNNING', 'STOPPED', 'FORCED_OFF', 'DELETED');
    fc.assert(
      fc.property(moves, last, (history, end) => {
        const world = new World();
        for (const move of history) {
          for (let step = 0; step < move.steps && world.step(move.desired); step += 1);
          if (move.pause && world.power === 'running') world.power = 'paused';
          world.crash(); // A changed wish is taken up by a fresh claim.
        }
        walk(world, end);
        expect(world.startedUnfiltered).toBe(false);
        expect(world.disksMade).toBeLessThan(2);
        if (end === 'RUNNING') expect(world.power).toBe('running');
        else expect(isOff(world.power)).toBe(true);
        if (end === 'DELETED')
          expect([world.power, world.disk, world.filter, world.network]).toEqual([null, false, false, false]);
      }),
    );
  });

  it('never makes a disk for a VM that was built, whatever is observed', () => {
    const observed = fc.record<Observed>({
      power: fc.constantFrom<DomainPower | null>(
        null,
        'running',
        'paused',
        'shutting-down',
        'off',
        'crashed',
        'unknown',
      ),
      reason: fc.constantFrom('', 'user', 'io-error'),
      isBuilt: fc.constant(true),
      isDiskSound: fc.constant(false),
      isAsked: fc.boolean(),
      completed: fc.constantFrom(new Set<Step>(), new Set<Step>(['attach-network', 'protect', 'define', 'start'])),
    });
    fc.assert(fc.property(observed, (facts) => expect(plan('RUNNING', facts)).toEqual({ kind: 'blocked' })));
  });

  it('switches off and deletes a VM whose disk is gone, and tells of it only when it is off', () => {
    for (const wish of ['STOPPED', 'FORCED_OFF'] as const) {
      const world = Object.assign(new World(), { power: 'running', built: true, disk: false });
      walk(world, wish);
      expect(world.power).toBe('off');
      expect(world.next(wish)).toEqual({ kind: 'blocked' });
      world.crash();
      walk(world, 'DELETED');
      expect(world.power).toBeNull();
    }
  });

  it('leaves a paused VM paused when nobody asks, resumes it when somebody does or when space may be back', () => {
    const paused = (reason: string): World =>
      Object.assign(new World(), { power: 'paused', reason, built: true, disk: true });
    expect(paused('user').next('RUNNING', false)).toEqual({ kind: 'paused' });
    for (const [reason, isAsked] of [
      ['user', true],
      ['io-error', false],
    ] as const) {
      const world = paused(reason);
      walk(world, 'RUNNING', isAsked);
      expect(world.power).toBe('running');
      const stuck = Object.assign(paused(reason), { stuck: true });
      walk(stuck, 'RUNNING', isAsked);
      expect(stuck.next('RUNNING', isAsked)).toEqual({ kind: 'wait', reason: 'paused' });
    }
  });

  it('lets a paused guest run before it presses its power button', () => {
    const world = Object.assign(new World(), { power: 'paused', reason: 'user', built: true, disk: true });
    walk(world, 'STOPPED');
    expect(world.done).toEqual(['resume', 'shutdown']);
  });

  it('frees the address only after the domain and its filter are gone', () => {
    const world = new World();
    walk(world, 'RUNNING');
    world.done.length = 0;
    world.crash();
    walk(world, 'DELETED');
    expect(world.done).toEqual(['force-off', 'undefine', 'remove-disk', 'unprotect', 'detach-network']);
  });
});
