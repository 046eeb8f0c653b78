import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { cpioArchive, fileMode } from './cpio.ts';

describe(cpioArchive.name, () => {
  it('is unpacked by the tool that Linux distributions use', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ib-cpio-'));
    try {
      const content = Buffer.from([0, 1, 2, 255, 10]);
      writeFileSync(
        path.join(dir, 'a.cpio'),
        cpioArchive([
          { path: 'etc/deep/file', mode: fileMode(0o640), content },
          { path: 'run.sh', mode: fileMode(0o755), content: Buffer.from('x') },
        ]),
      );
      execFileSync('busybox', ['cpio', '-i', '-d', '-F', 'a.cpio'], { cwd: dir, stdio: 'ignore' });
      expect(readFileSync(path.join(dir, 'etc/deep/file'))).toEqual(content);
      expect(statSync(path.join(dir, 'run.sh')).mode & 0o777).toBe(0o755);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
