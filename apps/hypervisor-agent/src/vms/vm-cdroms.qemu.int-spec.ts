import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLAIN_HARDWARE, ensureSeed, forceOffVm, inspectCdrom, setCdrom, startVm } from '@infinibay/contracts';
import { disksOf } from '@infinibay/libvirt-xml';
import { findTestHypervisor, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest } from '../filters/filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;
const SEED = { metaData: '{}\n', userData: '#cloud-config\n{}\n', networkConfig: '{}\n' };

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the CD drive of a real guest', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  let guest: FilteredGuest;
  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
  }, TIMEOUT_MS);
  afterAll(() => guest.stop(), TIMEOUT_MS);

  const set = (of: 'definition' | 'live', imageId: string | null) =>
    guest.agent.call(setCdrom, { vmId: guest.vmId, fence: 1, of, imageId });
  const off = () => guest.agent.call(forceOffVm, { vmId: guest.vmId, fence: 1 });
  const targets = async (...inactive: string[]): Promise<string[]> => {
    const { stdout } = await guest.virsh('dumpxml', `vm-${guest.vmId}`, ...inactive);
    return disksOf(stdout)
      .map(({ target }) => target)
      .sort();
  };

  it('comes with a definition, and not while it runs', async () => {
    const iso = guest.addIso();
    await guest.boot();
    expect(await set('live', iso)).toEqual({ definition: 'NO_DRIVE', live: 'NO_DRIVE' });
    expect(await set('definition', iso)).toEqual({ definition: 'AS_ASKED', live: 'NO_DRIVE' });
    await off();
    await guest.boot();
    expect(await guest.agent.call(inspectCdrom, { vmId: guest.vmId, imageId: iso })).toEqual({
      definition: 'AS_ASKED',
      live: 'AS_ASKED',
    });
  }, 240_000);

  it.each([
    ['PC', ['hda', 'hdc', 'vda']],
    ['Q35', ['sda', 'sdb', 'vda']],
  ] as const)(
    'on %s is changed and emptied while it runs, beside a seed',
    async (machine, places) => {
      const { agent, vmId } = guest;
      const [one, other] = [guest.addIso(), guest.addIso()];
      await off();
      await guest.remake({ ...PLAIN_HARDWARE, machine, bootOrder: ['DISK', 'CDROM'] });
      await set('definition', one);
      await agent.call(ensureSeed, { vmId, fence: 1, instanceId: randomUUID(), ...SEED });
      await guest.boot();
      expect(await targets()).toEqual(places);
      expect(await set('live', other)).toEqual({ definition: 'OTHER', live: 'AS_ASKED' });
      // Somebody beside us puts another in.
      await guest.virsh('change-media', `vm-${vmId}`, places[0], '--eject', '--live', '--force');
      expect(await agent.call(inspectCdrom, { vmId, imageId: other })).toMatchObject({ live: 'OTHER' });
      expect(await set('live', other)).toMatchObject({ live: 'AS_ASKED' });
      expect(await set('live', null)).toMatchObject({ live: 'AS_ASKED' });
      expect(await set('definition', null)).toEqual({ definition: 'AS_ASKED', live: 'AS_ASKED' });
      expect(await targets('--inactive')).toEqual(places);
    },
    240_000,
  );

  it('takes no image that there is not, and no guest starts with a file in it that is none', async () => {
    const { agent, vmId } = guest;
    await expect(set('definition', randomUUID())).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    await off();
    await guest.remake({ ...PLAIN_HARDWARE });
    await set('definition', guest.addIso());
    const foreign = join(at.diskDir, `${randomUUID()}.iso`);
    writeFileSync(foreign, Buffer.alloc(1_048_576));
    await guest.virsh('change-media', `vm-${vmId}`, 'hda', foreign, '--update', '--config');
    await expect(agent.call(startVm, { vmId, fence: 1 })).rejects.toMatchObject({ code: 'CDROM_REPLACED' });
    await set('definition', null);
    await guest.boot();
  }, 240_000);
});
