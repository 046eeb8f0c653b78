// What a million calls leave behind: nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SoakReport } from './soak.ts';

/** V8 sizes the space of young objects by how busy the machine is, up to 48 MiB of resident memory that tell nothing. */
const SOAK_FLAGS = ['--expose-gc', '--max-semi-space-size=1'];

const MIB = 1024 * 1024;

describe('a process that has made a million calls', () => {
  let report: SoakReport;

  beforeAll(async () => {
    const script = fileURLToPath(new URL('soak.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [...SOAK_FLAGS, script]);
    report = JSON.parse(stdout) as SoakReport;
  }, 300_000);

  it('has heard of every event and was answered every call', () => {
    expect(report).toMatchObject({ calls: 1_000_000, events: 100_000 });
  });

  it('holds the memory that it held after a tenth of them', () => {
    expect((report.after.heap - report.warm.heap) / MIB).toBeLessThan(4);
    expect((report.after.native - report.warm.native) / MIB).toBeLessThan(4);
    expect((report.after.resident - report.warm.resident) / MIB).toBeLessThan(12);
  });

  it('holds no more file descriptors and no more threads', () => {
    expect(report.after.descriptors).toBeLessThanOrEqual(report.warm.descriptors);
    expect(report.after.threads).toBeLessThanOrEqual(report.warm.threads);
  });
});
