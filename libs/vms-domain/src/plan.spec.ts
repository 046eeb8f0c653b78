import { describe, expect, it } from '@jest/globals';
import type { DomainPower } from '@infinibay/contracts';
import fc from 'fast-check';
import { isOff, plan, type Action, type DesiredState } from './plan.js';

/** A host that does what it is told, for walking plans to their end. */
class World {
  power: DomainPower | null = null;
  disk = false;
  network = false;
  filter = false;
  completed = new Set<Action>();
  readonly done: Action[] = [];
  startedUnfiltered = false;

  step(desired: DesiredState): boolean {
    const next = plan(desired, { power: this.power, disk: this.disk, completed: this.completed });
    if (next.kind === 'settled') return false;
    if (next.kind === 'wait') this.power = next.reason === 'starting' ? 'running' : 'off';
    else this.perform(next.action);
    return true;
  }

  /** A kill: what was remembered is gone, what was done stays. */
  crash(): void {
    this.completed = new Set();
  }

  private perform(action: Action): void {
    this.done.push(action);
    this.completed.add(action);
    const effects: Record<Action, () => void> = {
      'attach-network': () => (this.network = true),
      'ensure-disk': () => (this.disk = true),
      protect: () => (this.filter = true),
      define: () => (this.power ??= 'off'),
      start: () => {
        this.startedUnfiltered ||= !this.filter;
        this.power = 'running';
      },
      shutdown: () => (this.power = 'shutting-down'),
      'force-off': () => (this.power = 'off'),
      undefine: () => (this.power = null),
      'remove-disk': () => (this.disk = false),
      unprotect: () => (this.filter = false),
      'detach-network': () => (this.network = false),
    };
    effects[action]();
  }
}

const walk = (world: World, desired: DesiredState): void => {
  for (let steps = 0; world.step(desired); steps += 1) if (steps > 30) throw new Error('the plan does not end');
};

describe('plan', () => {
  it('builds a VM in the order network, disk, filter, definition, start', () => {
    const world = new World();
    walk(world, 'RUNNING');
    expect(world.done).toEqual(['attach-network', 'ensure-disk', 'protect', 'define', 'start']);
  });

  it('ends at the desired state from anywhere, with kills and changes of mind in between, and never starts unfiltered', () => {
    const desired = fc.constantFrom<DesiredState>('RUNNING', 'STOPPED', 'FORCED_OFF', 'DELETED');
    const moves = fc.array(fc.record({ desired, steps: fc.nat(8), crash: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(moves, desired, (history, last) => {
        const world = new World();
        for (const move of history) {
          for (let step = 0; step < move.steps && world.step(move.desired); step += 1);
          world.crash(); // A changed wish is taken up by a fresh claim.
        }
        walk(world, last);
        expect(world.startedUnfiltered).toBe(false);
        if (last === 'RUNNING') expect(world.power).toBe('running');
        else expect(isOff(world.power)).toBe(true);
        if (last === 'DELETED')
          expect([world.power, world.disk, world.filter, world.network]).toEqual([null, false, false, false]);
      }),
    );
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
