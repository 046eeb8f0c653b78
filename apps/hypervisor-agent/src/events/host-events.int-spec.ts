import { randomUUID } from 'node:crypto';
import {
  hostAgentStarted,
  hostLibvirtConnected,
  hostVmDifferenceFound,
  hostVmLifecycleChanged,
  hostVmMetadataChanged,
  hostVmsRelisted,
} from '@infinibay/contracts';
import { Connection, type Domain } from '@infinibay/libvirt';
import { domainName } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn } from '../agent.fixture.js';

const folders = agentFolders();
const environment = settingsIn(folders);
// Shared within this process: what it does to a domain, the agent's connection is told.
let libvirt: Connection;

const define = (vmId: string, name = domainName(vmId)): Promise<Domain> =>
  libvirt.domains.defineXml(
    `<domain type='test'><name>${name}</name><uuid>${vmId}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
  );

beforeAll(async () => {
  libvirt = await Connection.open('test:///default');
});
afterAll(async () => {
  await libvirt.close();
  folders.remove();
});

describe('the events of a host', () => {
  let agent: RunningAgent;
  const before = randomUUID();

  beforeAll(async () => {
    await (await define(before)).create();
    agent = await RunningAgent.start(environment);
  });
  afterAll(() => agent.stop());

  it('begin an epoch with the start and all VMs', async () => {
    await agent.events.find(hostVmsRelisted, {});
    const [started, connected, ...rest] = await agent.events.all();
    expect([started?.name, started?.data.sequence]).toEqual([hostAgentStarted.name, 1]);
    expect([connected?.name, connected?.data.sequence]).toEqual([hostLibvirtConnected.name, 2]);
    const appeared = await agent.events.find(hostVmDifferenceFound, { vmId: before });
    expect(appeared).toMatchObject({ difference: 'appeared', before: null, after: 'running' });
    expect(rest.at(-1)?.name).toBe(hostVmsRelisted.name);
  });

  it('tell the life of a VM in its order, and nothing of other domains', async () => {
    const vmId = randomUUID();
    const stranger = await define(randomUUID(), `stranger-${vmId}`);
    const domain = await define(vmId);
    for (const one of [stranger, domain]) {
      await one.create();
      await one.suspend();
      await one.resume();
      await one.destroy();
      await one.undefine();
    }
    await agent.events.find(hostVmLifecycleChanged, { vmId, event: 'undefined' });
    const told = await agent.events.of(hostVmLifecycleChanged);
    expect(told.filter((event) => event.vmId === vmId).map(({ event }) => event)).toEqual([
      'defined',
      'started',
      'suspended',
      'resumed',
      'stopped',
      'undefined',
    ]);
    expect(told.filter((event) => event.vmId === stranger.uuid)).toEqual([]);
  });

  it('tell what else happens to a VM', async () => {
    const vmId = randomUUID();
    const domain = await define(vmId);
    await domain.create();
    await domain.setMetadata({ namespace: 'https://example.com/app', prefix: 'app' }, '<app>x</app>');
    await agent.events.find(hostVmMetadataChanged, { vmId, type: 'element', namespace: 'https://example.com/app' });
    await domain.destroy();
    await domain.undefine();
  });

  it('count without a hole, and from one again in a later epoch after a restart', async () => {
    const first = await agent.events.all();
    expect(first.map(({ data }) => data.sequence)).toEqual(first.map((_, index) => index + 1));
    expect(new Set(first.map(({ data }) => data.epoch)).size).toBe(1);
    await agent.stop();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    const [one, two] = await pollUntil(
      async () => {
        const starts = await agent.events.of(hostAgentStarted);
        return starts.length === 2 && starts;
      },
      { what: 'the second epoch' },
    );
    expect(two?.sequence).toBe(1);
    expect((two?.epoch ?? '') > (one?.epoch ?? '')).toBe(true);
    expect(two?.bootId).toBe(one?.bootId);
    await agent.events.find(hostVmDifferenceFound, { epoch: two?.epoch ?? '', vmId: before, difference: 'appeared' });
  });
});
