import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import { Host } from './host.js';

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
});

afterAll(() => connection.close());

describe(Host.name, () => {
  it('tells its memory per NUMA node and refuses malformed CPUs', async () => {
    const cells = await connection.host.numaFreeMemory();
    expect(cells.length).toBeGreaterThan(0);
    expect(cells.every((bytes) => bytes > 0)).toBe(true);
    expect(await connection.host.cpuModels('x86_64')).toContain('Haswell');
    await expect(connection.host.baselineCpu(['<cpu'])).rejects.toMatchObject({ name: 'LibvirtError' });
  });

  it('tells of the host what the driver knows', async () => {
    expect(await connection.host.maxVcpus()).toBeGreaterThan(0);
    expect(await connection.host.linkSecurity()).toEqual({ secure: true, encrypted: false });
    expect(await connection.host.systemInfo()).toContain('<sysinfo');
    await expect(connection.host.sevInfo()).rejects.toMatchObject({ code: 'NO_SUPPORT' });
  });
});
