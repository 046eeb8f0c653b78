import { describe, expect, it } from '@jest/globals';
import { SampleQueue } from './sample-queue.js';
import type { SampleRow } from './sample-row.js';

const row = (name: string, size = 10): SampleRow => ({
  vmId: name,
  departmentId: 'd',
  sampledAt: '',
  uptimeSeconds: 0,
  cpuPercent: 0,
  memoryTotalKib: 0,
  memoryUsedKib: 0,
  payload: 'x'.repeat(size),
});
const names = (rows: readonly SampleRow[]): string[] => rows.map((one) => one.vmId);

describe(SampleQueue.name, () => {
  it('drops the oldest when it is full, by number and by bytes', () => {
    const queue = new SampleQueue({ rows: 3, bytes: 1_000 });
    const dropped = ['a', 'b', 'c', 'd'].map((name) => queue.push(row(name)));
    expect(dropped).toEqual([0, 0, 0, 1]);
    expect(queue.push(row('e', 985))).toBe(2);
    expect(names(queue.take(10))).toEqual(['d', 'e']);
  });

  it('puts back what was not written before what came meanwhile', () => {
    const queue = new SampleQueue({ rows: 3, bytes: 1_000 });
    queue.push(row('a'));
    queue.push(row('b'));
    const taken = queue.take(2);
    queue.push(row('c'));
    queue.push(row('d'));
    expect(queue.putBack(taken)).toBe(1);
    expect(names(queue.take(10))).toEqual(['b', 'c', 'd']);
    expect(queue.length).toBe(0);
  });
});
