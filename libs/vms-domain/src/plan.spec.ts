import { describe, expect, it } from '@jest/globals';
import type { DomainPower } from '@infinibay/contracts';
import fc from 'fast-check';
import { isOff, type Observed, type Plan } from './planning.js';
import { type DesiredState, type Step } from './registry.js';
import { plan } from './plan.js';

/** A host that does what it is told, for walking plans to their end. */
class World {
  power: DomainPower | null = null;
  reason = '';
  disk = false;
  built = false;
  network = false;
  filter = false;
  disksMade = 0;
  resets = 0;
  volumes: 'attach-volume' | 'detach-volume' | null = null;
  unwantedSnapshots = false;
  isImageMissing = false;
  /** Whether a guest that is resumed stays paused. */
  stuck = false;
  completed = new Set<Step>();
  readonly done: Step[] = [];
  startedUnfiltered = false;

  /** Who asked wants the power cut now. */
  isForceDue = false;

  next(desired: DesiredState, isAsked = true): Plan<Step> {
    return plan(desired, {
      power: this.power,
      reason: this.reason,
      isBuilt: this.built,
      isDiskSound: this.disk,
      isAsked,
      isForceDue: this.isForceDue,
      pendingVolumes: this.volumes,
      hasUnwantedSnapshots: this.unwantedSnapshots,
      isImageMissing: this.isImageMissing,
      completed: this.completed,
      sizes: null,
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
      'bring-image': () => (this.isImageMissing = false),
      'attach-network': () => (this.network = true),
      'ensure-disk': () => {
        if (!this.disk) this.disksMade += 1;
        this.disk = true;
        this.built = true;
      },
      'clone-disk': () => {
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
      reset: () => (this.resets += 1),
      suspend: () => (this.power = 'paused'),
      save: () => (this.power = 'off'),
      'force-off': () => (this.power = 'off'),
      redefine: () => undefined,
      'update-live': () => undefined,
      undefine: () => (this.power = null),
      'remove-disk': () => (this.disk = false),
      unprotect: () => (this.filter = false),
      'detach-network': () => (this.network = false),
      'attach-volume': () => (this.volumes = null),
      'detach-volume': () => (this.volumes = null),
      'attach-port': () => undefined,
      'detach-port': () => undefined,
      'change-port': () => undefined,
      'set-cdrom': () => undefined,
      'create-snapshot': () => undefined,
      'delete-snapshot': () => (this.unwantedSnapshots = false),
      'revert-to-snapshot': () => undefined,
      transfer: () => undefined,
      'settle-in': () => undefined,
      'prepare-migration': () => undefined,
      migrate: () => undefined,
      'abort-migration': () => undefined,
      'finish-migration': () => undefined,
      'clean-migration': () => undefined,
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

  it('has the image brought before anything is kept for a VM whose host lacks it, and never for one that has its disk', () => {
    const world = Object.assign(new World(), { isImageMissing: true });
    // However often it is killed while that goes on, it is looked at again and nothing else is done.
    for (let kills = 0; kills < 3; kills += 1) {
      expect(world.next('RUNNING')).toEqual({ kind: 'act', step: 'bring-image' });
      world.crash();
    }
    walk(world, 'RUNNING');
    expect(world.done).toEqual(['bring-image', 'attach-network', 'ensure-disk', 'protect', 'define', 'start']);
    Object.assign(world, { power: 'off', isImageMissing: true });
    world.crash();
    expect(world.next('RUNNING')).toEqual({ kind: 'act', step: 'attach-network' });
  });

  it('ends at the desired state from anywhere, with kills and changes of mind in between, and never starts unfiltered', () => {
    const desired = fc.constantFrom<DesiredState>('RUNNING', 'STOPPED', 'FORCED_OFF', 'PAUSED');
    const moves = fc.array(fc.record({ desired, steps: fc.nat(8), crash: fc.boolean(), pause: fc.boolean() }), {
      maxLength: 12,
    });
    const last = fc.constantFrom<DesiredState>('RUNNING', 'STOPPED', 'FORCED_OFF', 'PAUSED', 'DELETED');
    fc.assert(
      fc.property(moves, last, (history, end) => {
        const world = new World();
        for (const move of history) {
          for (let step = 0; step < move.steps && world.step(move.desired); step += 1);
          if (move.pause && world.power === 'running') world.power = 'paused';
          world.crash(); // A changed wish is taken up by a fresh claim.
        }
        const ran = !isOff(world.power) && world.power !== 'shutting-down';
        walk(world, end);
        expect(world.startedUnfiltered).toBe(false);
        expect(world.disksMade).toBeLessThan(2);
        if (end === 'RUNNING') expect(world.power).toBe('running');
        else if (end === 'PAUSED' && ran) expect(world.power).toBe('paused');
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
      isForceDue: fc.boolean(),
      completed: fc.constantFrom(new Set<Step>(), new Set<Step>(['attach-network', 'protect', 'define', 'start'])),
      sizes: fc.constant(null),
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
    for (const isAsked of [true, false])
      expect(paused('starting-up').next('RUNNING', isAsked)).toEqual({ kind: 'wait', reason: 'starting' });
    for (const [reason, isAsked] of [
      ['user', true],
      ['io-error', false],
      // Stopped by the host for a reset that nobody came to finish.
      ['reset', false],
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

  it('stops a guest that shall be suspended, again when somebody lets it run on, and boots none that is off', () => {
    const world = Object.assign(new World(), { power: 'running', built: true, disk: true });
    for (const _ of [1, 2]) {
      walk(world, 'PAUSED', false);
      expect(world.power).toBe('paused');
      expect(world.next('PAUSED')).toEqual({ kind: 'settled' });
      world.power = 'running';
    }
    for (const power of ['off', 'crashed', null] as const)
      for (const disk of [true, false]) {
        expect(Object.assign(new World(), { power, built: true, disk }).next('PAUSED')).toEqual({ kind: 'lost' });
      }
    expect(Object.assign(new World(), { power: 'shutting-down' }).next('PAUSED')).toMatchObject({ kind: 'wait' });
  });

  it('suspends a guest whose disk is gone, and then tells of the disk', () => {
    const world = Object.assign(new World(), { power: 'running', built: true, disk: false });
    walk(world, 'PAUSED');
    expect(world.done).toEqual(['suspend']);
    expect(world.next('PAUSED')).toEqual({ kind: 'blocked' });
  });

  it('cuts the power when the time is over, of whatever the guest has come to, and never before', () => {
    for (const power of ['running', 'paused', 'shutting-down', 'unknown'] as const) {
      const world = Object.assign(new World(), { power, reason: 'user', stuck: true, built: true, disk: true });
      for (let round = 0; round < 3; round += 1) world.step('STOPPED');
      expect(world.done).not.toContain('force-off');
      Object.assign(world, { power, isForceDue: true });
      walk(world, 'STOPPED');
      expect(world.done.at(-1)).toBe('force-off');
      expect(world.power).toBe('off');
    }
    const off = Object.assign(new World(), { power: 'off', isForceDue: true, built: true, disk: true });
    expect(off.next('STOPPED')).toEqual({ kind: 'settled' });
    // It is a word about a shutdown.
    const runs = Object.assign(new World(), { power: 'running', isForceDue: true, built: true, disk: true });
    for (const wish of ['RUNNING', 'PAUSED'] as const) {
      walk(runs, wish);
      expect(isOff(runs.power)).toBe(false);
    }
  });

  it('brings volumes to what was asked for although its operation is over, where the VM is as it shall be', () => {
    for (const step of ['attach-volume', 'detach-volume'] as const) {
      const world = Object.assign(new World(), { volumes: step });
      walk(world, 'RUNNING', false);
      expect(world.done).toEqual(['attach-network', 'ensure-disk', 'protect', 'define', 'start', step]);
      const kept = Object.assign(new World(), { power: 'running', built: true, disk: true, volumes: step });
      // Once for each claim: a guest that keeps it does not keep the worker.
      kept.completed = new Set([step]);
      expect(kept.next('RUNNING', false)).toEqual({ kind: 'settled' });
      // Who waits for a start is not kept waiting by a volume.
      kept.crash();
      expect(kept.next('RUNNING', true)).toEqual({ kind: 'settled' });
      const gone = Object.assign(new World(), { volumes: step });
      walk(gone, 'DELETED');
      expect(gone.done).not.toContain(step);
    }
  });

  it('removes snapshots that shall be gone although nobody asks, where the VM is as it shall be', () => {
    const world = Object.assign(new World(), { unwantedSnapshots: true });
    walk(world, 'RUNNING', false);
    expect(world.done.at(-1)).toBe('delete-snapshot');
    const gone = Object.assign(new World(), { unwantedSnapshots: true });
    walk(gone, 'DELETED');
    expect(gone.done).not.toContain('delete-snapshot');
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
