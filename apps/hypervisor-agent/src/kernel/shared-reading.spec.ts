import { describe, expect, it } from '@jest/globals';
import { SharedReading } from './shared-reading.js';

/** Readings end when the test says so, on a clock that the test turns. */
class Readings {
  now = 0;
  begun = 0;
  private readonly ends: (() => void)[] = [];
  readonly shared = new SharedReading(
    () => this.begin(),
    1_000,
    () => this.now,
  );

  async end(): Promise<void> {
    this.ends.shift()?.();
    await new Promise(setImmediate);
  }

  private begin(): Promise<number> {
    this.begun += 1;
    const value = this.begun;
    return new Promise((resolve) => this.ends.push(() => resolve(value)));
  }
}

describe(SharedReading, () => {
  it('is made once for all who ask while it is made', async () => {
    const sut = new Readings();
    const asked = Array.from({ length: 300 }, () => sut.shared.get());
    await sut.end();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
    expect(sut.begun).toBe(1);
  });

  it('serves for a second, and a slow one for twice as long as it took', async () => {
    const sut = new Readings();
    const first = sut.shared.get();
    sut.now = 3_000;
    await sut.end();
    expect(await first).toBe(1);
    sut.now = 8_999;
    expect(await sut.shared.get()).toBe(1);
    sut.now = 9_001;
    void sut.shared.get();
    expect(sut.begun).toBe(2);
    await sut.end();
    sut.now += 999;
    expect(await sut.shared.get()).toBe(2);
    sut.now += 2;
    void sut.shared.get();
    expect(sut.begun).toBe(3);
  });

  it('begins after the call for those who changed something, and never beside another', async () => {
    const sut = new Readings();
    void sut.shared.get();
    const fresh = Array.from({ length: 300 }, () => sut.shared.getFresh());
    expect(sut.begun).toBe(1);
    await sut.end();
    expect(sut.begun).toBe(2);
    const later = sut.shared.getFresh();
    await sut.end();
    expect(new Set(await Promise.all(fresh))).toEqual(new Set([2]));
    await sut.end();
    expect(await later).toBe(3);
  });

  it('is made anew after one that failed', async () => {
    let fails = true;
    const sut = new SharedReading(() => (fails ? Promise.reject(new Error('no')) : Promise.resolve(7)), 1_000);
    const failed = sut.get();
    const behind = sut.getFresh();
    fails = false;
    await expect(failed).rejects.toThrow('no');
    expect(await behind).toBe(7);
    expect(await sut.get()).toBe(7);
  });
});
