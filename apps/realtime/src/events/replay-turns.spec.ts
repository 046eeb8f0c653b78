import { describe, expect, it } from '@jest/globals';
import { ReplayTurns } from './replay-turns.js';

/** Work that begins when its turn comes and ends when it is told to. */
class Replays {
  readonly begun: string[] = [];
  readonly ends = new Map<string, () => void>();

  constructor(private readonly turns: ReplayTurns) {}

  run(userId: string, name: string): Promise<void> {
    return this.turns.run(userId, () => {
      this.begun.push(name);
      return new Promise((end) => this.ends.set(name, end));
    });
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe(ReplayTurns.name, () => {
  it('begins as many at once as one user and the instance may have, and the rest in order', async () => {
    const sut = new Replays(new ReplayTurns({ perUser: 1, atOnce: 2, waitingPerUser: 5, waiting: 5 }));
    const all = [sut.run('a', 'a1'), sut.run('a', 'a2'), sut.run('b', 'b1'), sut.run('c', 'c1')];
    await nextTurn();
    expect(sut.begun).toEqual(['a1', 'b1']);
    sut.ends.get('b1')?.();
    await nextTurn();
    // a2 waits longer, but for another of its own.
    expect(sut.begun).toEqual(['a1', 'b1', 'c1']);
    sut.ends.get('a1')?.();
    await nextTurn();
    expect(sut.begun).toEqual(['a1', 'b1', 'c1', 'a2']);
    for (const name of ['c1', 'a2']) sut.ends.get(name)?.();
    await Promise.all(all);
  });

  it('refuses who waits too often, and whoever comes when too many wait', async () => {
    const sut = new Replays(new ReplayTurns({ perUser: 1, atOnce: 1, waitingPerUser: 1, waiting: 2 }));
    const running = [sut.run('a', 'a1'), sut.run('a', 'a2')];
    await expect(sut.run('a', 'a3')).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    running.push(sut.run('b', 'b1'));
    await expect(sut.run('c', 'c1')).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    for (const name of ['a1', 'a2', 'b1']) {
      await nextTurn();
      sut.ends.get(name)?.();
    }
    await Promise.all(running);
    expect(sut.begun).toEqual(['a1', 'a2', 'b1']);
  });

  it('gives the place on when a replay fails', async () => {
    const turns = new ReplayTurns({ perUser: 1, atOnce: 1, waitingPerUser: 1, waiting: 1 });
    const failing = turns.run('a', () => Promise.reject(new Error('the stream is away')));
    const next = turns.run('a', () => Promise.resolve('served'));
    await expect(failing).rejects.toThrow('the stream is away');
    await expect(next).resolves.toBe('served');
  });
});
