import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { runCommand } from '../stack/command.ts';
import { emptyQcow2, installEmptyImage } from './empty-image.ts';

describe(installEmptyImage.name, () => {
  it('writes a disk that qemu-img finds without error and of the size that the manifest says', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'ib-empty-'));
    try {
      const manifest = installEmptyImage(dir);
      const file = path.join(dir, manifest.file);
      const check = await runCommand('qemu-img', ['check', file]);
      expect(`${check.stdout}${check.stderr}`).toContain('No errors were found');
      const info: unknown = JSON.parse((await runCommand('qemu-img', ['info', '--output=json', file])).stdout);
      expect(info).toMatchObject({ format: 'qcow2', 'virtual-size': manifest.virtualSizeBytes });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe(emptyQcow2.name, () => {
  it('names no backing file and no external data file', () => {
    const image = emptyQcow2(1024 * 1024);
    expect([image.readBigUInt64BE(8), image.readUInt32BE(16), image.readBigUInt64BE(72)]).toEqual([0n, 0, 0n]);
  });
});
