import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { fleetLayout, forgetRealHosts, furtherHosts, preferredPorts, prepareFleet, type Fleet } from './fleet.ts';
import { layoutOf } from './layout.ts';
import { PREFERRED_PORTS } from './services.ts';

describe(prepareFleet, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ib-fleet-'));
  });
  afterEach(() => {
    for (const one of [folder, `${folder}-fleet`]) rmSync(one, { recursive: true, force: true });
  });

  const prepare = (vms: number): Fleet => prepareFleet(fleetLayout(layoutOf(folder)), vms);
  const memoryMib = (uri: string): number =>
    Number(/<memory>(\d+)</.exec(readFileSync(uri.slice('test://'.length), 'utf8'))?.[1]) / 1_024;

  it('has a host more for each 250 VMs, two at least and eight at most, each with room for its share', () => {
    for (const [vms, hosts] of [
      [1, 2],
      [500, 2],
      [501, 3],
      [1_000, 4],
      [20_000, 8],
    ] as const) {
      const fleet = prepare(vms);
      rmSync(`${folder}-fleet`, { recursive: true, force: true });
      expect(fleet.hosts).toHaveLength(hosts);
    }
    for (const { uri } of prepare(1_000).hosts) expect(memoryMib(uri)).toBeGreaterThan(250 * 256);
  });

  it('is the same at each start, and never smaller', () => {
    const idsOf = (fleet: Fleet): (string | null)[] => fleet.hosts.map(({ id }) => id);
    const first = idsOf(prepare(1_000));
    expect(idsOf(prepare(1_000))).toEqual(first);
    const small = prepare(10);
    expect(idsOf(small)).toEqual(first);
    for (const { uri } of small.hosts) expect(memoryMib(uri)).toBeGreaterThan(250 * 256);
    expect(idsOf(prepare(1_250)).slice(0, 4)).toEqual(first);
  });

  it('shares nothing that belongs to an agent, and is beside what is real', () => {
    const fleet = prepare(1_000);
    const own = fleet.hosts.flatMap(({ layout, uri }) => [layout.stateDir, layout.diskDir, layout.agentSocketDir, uri]);
    expect(new Set(own).size).toBe(own.length);
    for (const folderOf of fleet.hosts) expect(folderOf.layout.stateDir).toContain(`${folder}-fleet`);
    const ports = [preferredPorts(undefined), preferredPorts(fleet)].flatMap((some) => Object.values(some));
    expect(ports).toHaveLength(2 * Object.keys(PREFERRED_PORTS).length + 2 * furtherHosts(fleet).length);
    expect(new Set(ports).size).toBe(ports.length);
    const environment = { STORAGE_POOLS: 'fast=/srv', UPLOAD_URL: 'http://a', PATH: '/bin' };
    forgetRealHosts(environment);
    expect(environment).toEqual({ PATH: '/bin' });
  });
});
