import { randomUUID } from 'node:crypto';
import {
  forceOffVm,
  inspectFilter,
  inspectPortLinks,
  inspectSizes,
  setPortLinks,
  suspendVm,
  type ObservedLinks,
  type PortLinkState,
} from '@infinibay/contracts';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest } from '../filters/filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;
const LINK = /\s*<link state='(\w+)'\/>/;

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the link of a real guest', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  let guest: FilteredGuest;
  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
  }, TIMEOUT_MS);
  afterAll(() => guest.stop(), TIMEOUT_MS);

  const ask = (of: 'definition' | 'live', down: readonly string[]) =>
    guest.agent.call(setPortLinks, { vmId: guest.vmId, fence: 1, of, down: [...down] });
  const now = () => guest.agent.call(inspectPortLinks, { vmId: guest.vmId });
  const links = (definition: PortLinkState, live: PortLinkState | null): ObservedLinks => ({
    definition: [{ mac: guest.mac, linkState: definition }],
    live: live === null ? null : [{ mac: guest.mac, linkState: live }],
  });
  /** The spec's own reading: the card in the domain's XML, by virsh. */
  const card = async (...inactive: string[]): Promise<string> => {
    const { stdout } = await guest.virsh('dumpxml', `vm-${guest.vmId}`, ...inactive);
    return /<interface [\s\S]*?<\/interface>/.exec(stdout)?.[0] ?? '';
  };
  const written = async (...inactive: string[]): Promise<string | undefined> => LINK.exec(await card(...inactive))?.[1];
  const rest = async (...inactive: string[]): Promise<string> => (await card(...inactive)).replace(LINK, '');

  it('is written into the definition of one that is off, and is there when it starts', async () => {
    expect(await now()).toEqual(links('UP', null));
    for (const _ of [1, 2]) expect(await ask('definition', [guest.mac])).toEqual(links('DOWN', null));
    // Nothing runs that could take it.
    expect(await ask('live', [])).toEqual(links('DOWN', null));
    await guest.boot();
    expect(await now()).toEqual(links('DOWN', 'DOWN'));
    expect([await written('--inactive'), await written()]).toEqual(['down', 'down']);
  }, 120_000);

  it('comes and goes while it runs, shows in the live domain, and leaves all else of it as it was', async () => {
    const before = await guest.agent.call(inspectFilter, { vmId: guest.vmId });
    const cards = [await rest(), await rest('--inactive')];
    const [, network = '', portId = ''] = /network='([^']+)' portid='([^']+)'/.exec(await card()) ?? [];
    for (const _ of [1, 2]) expect(await ask('live', [])).toEqual(links('DOWN', 'UP'));
    expect([await written('--inactive'), await written()]).toEqual(['down', 'up']);
    expect(await ask('live', [guest.mac])).toEqual(links('DOWN', 'DOWN'));
    expect(await written()).toBe('down');
    expect(await ask('definition', [])).toEqual(links('UP', 'DOWN'));
    // The card has its port of libvirt's network, its tap and its rules still.
    expect([await rest(), await rest('--inactive')]).toEqual(cards);
    expect(cards[0]).toContain('<filterref ');
    expect(portId).not.toBe('');
    expect((await guest.virsh('net-port-list', network)).stdout).toContain(portId);
    expect(await guest.agent.call(inspectFilter, { vmId: guest.vmId })).toEqual(before);
    expect((await guest.agent.call(inspectSizes, { vmId: guest.vmId })).definition).toMatchObject({ vcpus: 1 });
  }, 120_000);

  it('that somebody pulls with virsh is told', async () => {
    const told = (linkState: PortLinkState) =>
      pollUntil(() => guest.agent.links.get(guest.vmId)?.live?.[0]?.linkState === linkState, {
        what: `the report of a link that is ${linkState}`,
        timeoutMs: 120_000,
      });
    await ask('live', []);
    await told('UP');
    await guest.virsh('domif-setlink', `vm-${guest.vmId}`, guest.mac, 'down');
    await told('DOWN');
    expect(await ask('live', [])).toEqual(links('UP', 'UP'));
  }, 180_000);

  it('comes and goes of one that stands still', async () => {
    await guest.agent.call(suspendVm, { vmId: guest.vmId, fence: 1 });
    expect(await ask('live', [guest.mac])).toEqual(links('UP', 'DOWN'));
    expect(await ask('live', [])).toEqual(links('UP', 'UP'));
  }, 120_000);

  it('is set by nobody whose fence is old, of no VM that there is not, and of no card that there is not', async () => {
    const { agent, vmId, mac } = guest;
    expect(await agent.refusal(setPortLinks, { vmId, fence: 0, of: 'live', down: [mac] })).toBe('STALE_FENCE');
    expect(await ask('live', ['52:54:00:00:00:99'])).toEqual(links('UP', 'UP'));
    const absent = randomUUID();
    for (const side of ['definition', 'live'] as const)
      expect(await agent.refusal(setPortLinks, { vmId: absent, fence: 1, of: side, down: [mac] })).toBe('VM_NOT_FOUND');
    expect(await agent.call(inspectPortLinks, { vmId: absent })).toEqual({ definition: null, live: null });
    await agent.call(forceOffVm, { vmId, fence: 1 });
    expect(await now()).toEqual(links('UP', null));
  }, 120_000);
});
