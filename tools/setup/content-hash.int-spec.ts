import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { filesBelow, hashOfFiles, stampAt } from './content-hash.ts';

let dir: string;
const put = (name: string, text: string): void => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
  writeFileSync(path.join(dir, name), text);
};
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ib-hash-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe(filesBelow.name, () => {
  it('leaves out dependencies and build results', () => {
    for (const name of ['src/a.ts', 'dist/a.js', 'node_modules/x/b.ts', 'target/c.rs', 'src/generated/d.ts'])
      put(name, '');
    expect(filesBelow([dir]).map((file) => path.relative(dir, file))).toEqual(['src/a.ts']);
  });

  it('takes a path that does not exist as empty', () => {
    expect(filesBelow([path.join(dir, 'nothing')])).toEqual([]);
  });
});

describe(hashOfFiles.name, () => {
  it('changes when a file is edited, renamed or added, and only then', () => {
    put('a', 'one');
    const hashes = [hashOfFiles(filesBelow([dir]))];
    expect(hashOfFiles(filesBelow([dir]))).toBe(hashes[0]);
    put('a', 'two');
    hashes.push(hashOfFiles(filesBelow([dir])));
    put('b', '');
    hashes.push(hashOfFiles(filesBelow([dir])));
    rmSync(path.join(dir, 'b'));
    put('c', '');
    hashes.push(hashOfFiles(filesBelow([dir])));
    expect(new Set(hashes).size).toBe(4);
  });

  it('stays when the folder that it is relative to is moved', () => {
    for (const copy of ['one', 'two']) put(`${copy}/src/a`, 'same');
    const hashIn = (copy: string): string => hashOfFiles(filesBelow([path.join(dir, copy)]), '', path.join(dir, copy));
    expect(hashIn('two')).toBe(hashIn('one'));
  });
});

describe(stampAt.name, () => {
  it('matches what was written and nothing else', () => {
    const stamp = stampAt(path.join(dir, 'stamps', 'x'));
    expect(stamp.matches('h')).toBe(false);
    stamp.write('h');
    expect(stamp.matches('h')).toBe(true);
    expect(stamp.matches('other')).toBe(false);
  });
});
