import type { Actor } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { CatchUp, type CatchUpClock } from './catch-up.js';

/** Time goes on only while somebody pauses. */
class PausedClock implements CatchUpClock {
  private at = 0;

  now(): number {
    return this.at;
  }

  async pause(forMs: number): Promise<void> {
    this.at += forMs;
  }
}

/** Thirty sessions, of which users answers about so many in each round of questions. */
class Sessions {
  readonly left = new Set<Actor>();
  asked = 0;
  private round = -1;
  private answered = 0;

  constructor(
    private readonly clock: CatchUpClock,
    private readonly inEachRound: number,
  ) {
    for (let index = 0; index < 30; index += 1)
      this.left.add({ userId: 'u', sessionId: `s${String(index)}`, role: 'USER', departmentIds: [] });
  }

  async ask(actor: Actor): Promise<boolean> {
    this.asked += 1;
    if (this.clock.now() !== this.round) [this.round, this.answered] = [this.clock.now(), 0];
    if (this.answered === this.inEachRound) return false;
    this.answered += 1;
    return this.left.delete(actor);
  }
}

const catchUp = async (inEachRound: number, mostMs: number, areWanted = (_asked: number): boolean => true) => {
  const clock = new PausedClock();
  const sessions = new Sessions(clock, inEachRound);
  await new CatchUp(mostMs, clock).run({
    left: () => [...sessions.left],
    ask: (actor) => sessions.ask(actor),
    areWanted: () => areWanted(sessions.asked),
  });
  return { asked: sessions.asked, left: sessions.left.size };
};

describe(CatchUp, () => {
  it('asks about each once where users answers', async () => {
    expect(await catchUp(30, 30_000)).toEqual({ asked: 30, left: 0 });
  });

  it('asks for 5 s, every 250 ms, where users answers about nobody', async () => {
    expect(await catchUp(0, 30_000)).toEqual({ asked: 21 * 30, left: 30 });
  });

  it('goes on for longer while users answers about some', async () => {
    // One in each of thirty rounds, the last of which is after 7.25 s.
    expect(await catchUp(1, 30_000)).toMatchObject({ left: 0 });
  });

  it('ends at its limit though users answers about one now and then: the events of all wait', async () => {
    // Thirteen rounds until 3 s are over.
    expect(await catchUp(1, 3_000)).toMatchObject({ left: 30 - 13 });
  });

  it('asks no more when another absence has begun', async () => {
    expect(await catchUp(30, 30_000, (asked) => asked < 10)).toEqual({ asked: 10, left: 20 });
  });
});
