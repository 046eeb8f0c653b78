import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pollUntil } from '@infinibay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failpoints } from './failpoints.js';

describe(Failpoints, () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ib-failpoints-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('holds one worker at the place that a file names, until the file is taken away', async () => {
    const failpoints = new Failpoints(undefined, folder);
    writeFileSync(join(folder, 'before:define'), '');
    const ended: string[] = [];
    await failpoints.reach('after', 'define');
    const workers = ['first', 'second'].map((name) =>
      failpoints.reach('before', 'define').then(() => {
        ended.push(name);
      }),
    );
    await pollUntil(() => ended.length === 1 || null, { what: 'the other worker' });
    const held = join(folder, 'before:define.held');
    expect(existsSync(held)).toBe(true);
    rmSync(held);
    await Promise.all(workers);
    expect(ended.sort()).toEqual(['first', 'second']);
  });

  it('lets everybody pass who is asked for nothing', async () => {
    await new Failpoints(undefined, undefined).reach('before', 'define');
    await new Failpoints('after:define', folder).reach('before', 'define');
  });
});
