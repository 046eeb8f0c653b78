import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { guestImageDir } from '../guest-image/build.ts';
import type { DepartmentUnderTest } from './department-under-test.ts';
import { ImageUpload, imageReady, sha256Of } from './image-upload.ts';
import { codeOf } from './probes.ts';
import type { RunningSystem } from './running-system.ts';
import type { SecondHost } from './second-host.ts';
import type { TwoHosts } from './two-hosts.ts';

interface Considered {
  readonly hostId: string;
  readonly refusedBy: string | null;
  readonly ratio: number | null;
}

interface Explained {
  readonly host: { readonly id: string } | null;
  readonly error: { readonly code: string } | null;
  readonly placement: { readonly hostsConsidered: readonly Considered[] };
}

const key = (): string => randomUUID();

/** Where VMs go, and why; what their host does when it boots; what they are when something was in their way. */
export const placementRows = (hosts: () => TwoHosts): void => {
  let { system, second, firstId, admin, research, sales } = {} as TwoHosts;
  let travellerId: string;
  let here: string;
  let there: string;

  beforeAll(() => {
    ({ system, second, firstId, admin, research, sales, travellerId } = hosts());
  });

  const imageId = async (): Promise<string> => {
    const { images } = await research.member.ask<{ images: { id: string }[] }>('{ images { id } }');
    return images[0]?.id ?? '';
  };
  /** Where VMs of that would go, each; administrators are told of every host. */
  const explain = async (...groups: readonly (readonly string[])[]): Promise<readonly Explained[]> => {
    const query = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) {
      host { id } error { code } placement { hostsConsidered { hostId refusedBy ratio } }
    } }`;
    const image = await imageId();
    const vms = (groups.length === 0 ? [[]] : groups).map((placementGroupIds, index) => ({
      departmentId: research.id,
      name: `planned-${String(index)}`,
      imageId: image,
      vcpus: 2,
      placementGroupIds,
    }));
    const answer = await admin.ask<{ explainPlacement: Explained[] }>(query, { input: { vms } });
    return answer.explainPlacement;
  };
  const say = async <T>(by: GraphClient, mutation: string, type: string, said: object, shown = 'id'): Promise<T> => {
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${shown} } }`;
    const answer = await by.ask<Record<string, T>>(query, { input: { idempotencyKey: key(), ...said } });
    return answer[mutation] as T;
  };
  const runs = async (id: string): Promise<string> => {
    await research.reaches(id, 'RUNNING');
    return id;
  };
  /** Of these rows. */
  const guestsOf = async (host: RunningSystem | SecondHost): Promise<string[]> =>
    (await host.virsh('list', '--all', '--uuid')).split(/\s+/).filter((one) => one !== '' && one !== travellerId);
  const isOn = async (id: string): Promise<boolean> => (await second.virsh('list', '--uuid')).split(/\s+/).includes(id);
  const fileOf = (host: RunningSystem | SecondHost, id: string): string =>
    path.join(host.layout.diskDir, readdirSync(host.layout.diskDir).find((name) => name.includes(id)) ?? 'none');

  it('keep apart what shall be apart, and say why a third has no place', async () => {
    const said = { departmentId: research.id, name: 'replicas', policy: 'APART', strictness: 'REQUIRED' };
    const { id: group } = await say<{ id: string }>(
      research.member,
      'createPlacementGroup',
      'CreatePlacementGroupInput',
      said,
    );
    const placementGroupIds = [group];
    expect(await codeOf(sales.createVm('stranger', { placementGroupIds }))).toBe('PLACEMENT_GROUP_NOT_FOUND');
    const made = [
      await runs(await research.createVm('one', { placementGroupIds })),
      await runs(await research.createVm('two', { placementGroupIds })),
    ];
    const [onFirst, onSecond] = [await guestsOf(system), await guestsOf(second)];
    expect([onFirst.length, onSecond.length]).toEqual([1, 1]);
    expect([...onFirst, ...onSecond].sort()).toEqual([...made].sort());
    [here, there] = [onFirst[0] ?? '', onSecond[0] ?? ''];
    expect(await codeOf(research.createVm('three', { placementGroupIds }))).toBe('NO_SUITABLE_HOST');
    const [refused] = await explain(placementGroupIds);
    expect(refused?.host).toBeNull();
    expect(refused?.placement.hostsConsidered.map(({ refusedBy }) => refusedBy)).toEqual(['apart-from', 'apart-from']);
    const only = { placementGroupId: group, vmId: there };
    await say(research.member, 'removeVmFromPlacementGroup', 'VmPlacementGroupInput', only);
    expect((await explain(placementGroupIds))[0]?.host?.id).toBe(second.id);
    await say(research.member, 'addVmToPlacementGroup', 'VmPlacementGroupInput', only);
    expect((await explain(placementGroupIds))[0]?.host).toBeNull();
  });

  it('tell where the VMs of one would go if it failed', async () => {
    const query = `query ($hostId: ID!) { whatIfHostFails(hostId: $hostId) { nodes {
      vm { id } host { id } placement { hostsConsidered { hostId refusedBy } }
    } } }`;
    const failing = async (by: GraphClient, hostId: string) =>
      (
        await by.ask<{ whatIfHostFails: { nodes: { vm: { id: string }; host: { id: string } | null }[] } }>(query, {
          hostId,
        })
      ).whatIfHostFails.nodes;
    expect(await codeOf(failing(research.member, second.id))).toBe('FORBIDDEN');
    // The other one may not be where its replica is.
    expect(await failing(admin, second.id)).toMatchObject([{ vm: { id: there }, host: null }]);
    const { groups } = await research.member
      .ask<{ placementGroups: { nodes: { id: string }[] } }>(
        'query ($id: ID!) { placementGroups(departmentId: $id) { nodes { id } } }',
        { id: research.id },
      )
      .then(({ placementGroups }) => ({ groups: placementGroups.nodes }));
    for (const { id } of groups)
      await say(research.member, 'deletePlacementGroup', 'DeletePlacementGroupInput', { placementGroupId: id });
    expect(await failing(admin, second.id)).toMatchObject([{ vm: { id: there }, host: { id: firstId } }]);
  });

  it('promise as much as an operator lets them', async () => {
    const overcommit = (by: GraphClient, cpuRatio: number | null): Promise<unknown> =>
      say(by, 'setHostOvercommit', 'SetHostOvercommitInput', { hostId: second.id, cpuRatio });
    expect(await codeOf(overcommit(research.member, 1))).toBe('FORBIDDEN');
    // It has two processors, and has promised one.
    await overcommit(admin, 1);
    const [explained] = await explain();
    expect(explained?.host?.id).toBe(firstId);
    const refused = { hostId: second.id, refusedBy: 'cpu-committed', ratio: 1 };
    expect(explained?.placement.hostsConsidered).toContainEqual(refused);
    expect(await guestsOf(second)).toEqual([there]);
    await overcommit(admin, null);
    expect((await explain())[0]?.placement.hostsConsidered.map(({ refusedBy }) => refusedBy)).toEqual([null, null]);
  });

  it('get the image that a VM is made of from each other', async () => {
    const file = readdirSync(guestImageDir).find((name) => name.endsWith('.qcow2')) ?? '';
    // Other bytes than those that both have: what follows a qcow2 file is nobody's.
    const content = Buffer.concat([readFileSync(path.join(guestImageDir, file)), Buffer.alloc(65_536, 1)]);
    const name = `${sha256Of(content)}.qcow2`;
    const upload = await ImageUpload.create(research, content, { name: 'Mine', format: 'QCOW2' });
    await upload.send();
    await imageReady(research, upload.imageId);
    const place = (host: RunningSystem | SecondHost): string => path.join(host.layout.diskDir, 'images', name);
    const [source, target] = existsSync(place(system)) ? [system, second] : [second, system];
    const hostId = target === second ? second.id : firstId;
    expect(existsSync(place(target))).toBe(false);
    const copy = (by: DepartmentUnderTest): Promise<unknown> =>
      say(by.member, 'copyImage', 'CopyImageInput', { imageId: upload.imageId, hostId }, 'operation { id }');
    expect(await codeOf(copy(sales))).toBe('IMAGE_NOT_FOUND');
    await copy(research);
    const query = 'query ($id: ID!) { image(id: $id) { hosts { state errorCode } } }';
    await pollUntil(
      async () => {
        const { image } = await research.member.ask<{
          image: { hosts: { state: string; errorCode: string | null }[] };
        }>(query, { id: upload.imageId });
        const failed = image.hosts.find(({ state }) => state === 'FAILED');
        if (failed !== undefined) throw new Error(`the copy failed: ${failed.errorCode ?? ''}`);
        return image.hosts.filter(({ state }) => state === 'READY').length === 2;
      },
      { timeoutMs: 120_000, what: 'the copy' },
    );
    expect(sha256Of(readFileSync(place(target)))).toBe(sha256Of(content));
    // The other host takes nothing, so that the VM can only be of the copy.
    const sourceId = source === second ? second.id : firstId;
    await say(admin, 'setHostOvercommit', 'SetHostOvercommitInput', { hostId: sourceId, cpuRatio: 1 });
    const vmId = await runs(await research.createVm('of-a-copy', { imageId: upload.imageId, vcpus: 2 }));
    expect(await guestsOf(target)).toContain(vmId);
    await research.guestReady(vmId);
    await research.deleteVm(vmId);
    await say(admin, 'setHostOvercommit', 'SetHostOvercommitInput', { hostId: sourceId, cpuRatio: null });
    await say(research.member, 'deleteImage', 'ImageActionInput', { imageId: upload.imageId }, 'image { id }');
    const isGone = (): Promise<boolean> => Promise.resolve(!existsSync(place(source)) && !existsSync(place(target)));
    await pollUntil(isGone, { timeoutMs: 60_000, what: 'the end of both files' });
  });

  it('start what shall be on when they boot, and leave off what was off', async () => {
    await research.ended(there, 'forceOffVm');
    const plain = await research.createVm('stays-off');
    await runs(plain);
    await research.ended(plain, 'forceOffVm');
    await research.ended(there, 'setVmAutostart', 'SetVmAutostartInput', { autostart: true });
    await second.cutPower();
    await second.boot();
    await research.reaches(there, 'RUNNING', 120_000);
    await research.guestReady(there);
    expect([await isOn(there), await isOn(plain)]).toEqual([true, false]);
    await research.reaches(plain, 'STOPPED');
    await research.deleteVm(plain);
  });

  it('try again when what was in the way of a VM is gone', async () => {
    await research.ended(there, 'forceOffVm');
    const file = fileOf(second, there);
    renameSync(file, `${file}.away`);
    expect(await codeOf(research.ended(there, 'retryVm'))).toBe('VM_BUSY');
    const start = { idempotencyKey: key(), vmId: there };
    await research.member.ask('mutation ($input: VmActionInput!) { startVm(input: $input) { vm { id } } }', {
      input: start,
    });
    await research.reaches(there, 'ERROR', 180_000);
    const query = 'query ($id: ID!) { vm(id: $id) { error { code isRetryable } } }';
    expect(await research.member.ask(query, { id: there })).toEqual({
      vm: { error: { code: 'DISK_MISSING', isRetryable: true } },
    });
    renameSync(`${file}.away`, file);
    expect(await codeOf(sales.ended(there, 'retryVm'))).toBe('VM_NOT_FOUND');
    expect(await research.ended(there, 'retryVm')).toMatchObject({ state: 'RUNNING' });
    await research.guestReady(there);
  });

  it('have nothing of it all when it is deleted', async () => {
    await research.deleteVm(here);
    await research.deleteVm(there);
    for (const host of [system, second]) {
      expect(await guestsOf(host)).toEqual([]);
      const disks = readdirSync(host.layout.diskDir).filter((name) => name.endsWith('.qcow2'));
      expect(disks.filter((name) => !name.includes(travellerId))).toEqual([]);
    }
  });
};
