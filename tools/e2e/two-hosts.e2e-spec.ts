import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { migrationRows } from './live-migration.fixture.ts';
import { placementRows } from './placement.fixture.ts';
import { TwoHosts } from './two-hosts.ts';

/** One system for both: to start it takes as long as half of the rows. */
describe('two hosts', () => {
  let hosts: TwoHosts;

  beforeAll(async () => {
    hosts = await TwoHosts.start();
  });
  afterAll(async () => {
    expect(await hosts.stop()).toBe(0);
  });

  placementRows(() => hosts);
  migrationRows(() => hosts);
});
