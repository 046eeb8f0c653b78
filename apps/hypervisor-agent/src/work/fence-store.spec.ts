import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DamagedNumberError, FenceStore } from './fence-store.js';

const KEY = '0196f5a0-0000-7000-8000-000000000001';

describe(FenceStore.name, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ib-seen-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('remembers across a restart and never goes back', async () => {
    const seen = new FenceStore(join(folder, 'new'));
    expect(await seen.get(KEY)).toBe(-1);
    await seen.raise(KEY, 5);
    await seen.raise(KEY, 3);
    expect(await new FenceStore(join(folder, 'new')).get(KEY)).toBe(5);
    expect(readdirSync(join(folder, 'new'))).toEqual([KEY]);
  });

  it('forgets', async () => {
    const seen = new FenceStore(folder);
    await seen.raise(KEY, 5);
    await seen.forget(KEY);
    expect(await seen.get(KEY)).toBe(-1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes no path for a key', async () => {
    await expect(new FenceStore(folder).get('../../../etc/passwd')).rejects.toThrow(RangeError);
  });

  it.each([[''], [' \n'], ['x'], ['0x10'], ['-1'], ['5\n'], ['1e3'], ['99999999999999999999']])(
    'takes a file with %j for damaged, and never for a number',
    async (text) => {
      const seen = new FenceStore(folder);
      writeFileSync(join(folder, KEY), text);
      await expect(seen.get(KEY)).rejects.toThrow(DamagedNumberError);
      await expect(seen.raise(KEY, 7)).rejects.toThrow(`${join(folder, KEY)} is damaged`);
      expect(readFileSync(join(folder, KEY), 'utf8')).toBe(text);
    },
  );
});
