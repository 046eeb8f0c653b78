import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HighestSeen } from './highest-seen.js';

const KEY = '0196f5a0-0000-7000-8000-000000000001';

describe(HighestSeen.name, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ib-seen-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('remembers across a restart and never goes back', async () => {
    const seen = new HighestSeen(join(folder, 'new'));
    expect(await seen.get(KEY)).toBe(-1);
    await seen.raise(KEY, 5);
    await seen.raise(KEY, 3);
    expect(await new HighestSeen(join(folder, 'new')).get(KEY)).toBe(5);
    expect(readdirSync(join(folder, 'new'))).toEqual([KEY]);
  });

  it('forgets', async () => {
    const seen = new HighestSeen(folder);
    await seen.raise(KEY, 5);
    await seen.forget(KEY);
    expect(await seen.get(KEY)).toBe(-1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes no path for a key, and no text for a number', async () => {
    const seen = new HighestSeen(folder);
    await expect(seen.get('../../../etc/passwd')).rejects.toThrow(RangeError);
    writeFileSync(join(folder, KEY), 'x');
    await expect(seen.get(KEY)).rejects.toThrow(RangeError);
  });
});
