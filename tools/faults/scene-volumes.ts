import { randomUUID } from 'node:crypto';

import type { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import type { Expected } from './snapshot.ts';

export type VolumeMutation = 'createVolume' | 'resizeVolume' | 'deleteVolume' | 'attachVolume' | 'detachVolume';

/** So many stay for the rows that follow. */
const KEPT_FREE = 2;

type Wanted = Expected['volumes'] extends ReadonlyMap<string, infer T> ? T : never;

/** The volumes of a scene's department, and what is promised about them so far. */
export class SceneVolumes {
  readonly wanted = new Map<string, Wanted>();
  private readonly department: DepartmentUnderTest;

  constructor(department: DepartmentUnderTest) {
    this.department = department;
  }

  /** A volume that such a request can be about, as it must be before; undefined: the request makes one. */
  async for(mutation: VolumeMutation, vmId: string): Promise<string | undefined> {
    if (mutation === 'createVolume') return undefined;
    if (mutation === 'detachVolume') return this.find(vmId) ?? (await this.attached(vmId));
    return this.find(null) ?? (await this.made(vmId));
  }

  /** Asks, and comes back when it is accepted. */
  async ask(mutation: VolumeMutation, vmId: string, volumeId: string | undefined): Promise<void> {
    if (mutation === 'createVolume') {
      await this.create(vmId);
      return;
    }
    if (volumeId === undefined) throw new Error(`${mutation} needs a volume`);
    const known = this.wanted.get(volumeId) ?? { vmId: null, gib: 1 };
    switch (mutation) {
      case 'resizeVolume':
        await this.say(mutation, 'ResizeVolumeInput', { volumeId, capacityGib: known.gib + 1 });
        this.wanted.set(volumeId, { ...known, gib: known.gib + 1 });
        return;
      case 'deleteVolume':
        await this.say(mutation, 'VolumeActionInput', { volumeId });
        this.wanted.delete(volumeId);
        return;
      case 'attachVolume':
      case 'detachVolume':
        await this.say(mutation, 'VmVolumeInput', { vmId, volumeId });
        this.wanted.set(volumeId, { ...known, vmId: mutation === 'attachVolume' ? vmId : null });
    }
  }

  /** What a VM had that is being deleted. */
  free(vmId: string): void {
    for (const [id, volume] of this.wanted) if (volume.vmId === vmId) this.wanted.set(id, { ...volume, vmId: null });
  }

  /**
   * Deletes what is free but for a few; what a VM that is being deleted still has can only go later.
   * @returns whether there was anything
   */
  async tidy(): Promise<boolean> {
    const free = [...this.wanted].filter(([, { vmId }]) => vmId === null).map(([id]) => id);
    const old = free.slice(KEPT_FREE);
    for (const id of old) {
      const { state, attachment } = await this.department.volume(id);
      if (state === 'AVAILABLE' && attachment === null) await this.ask('deleteVolume', '', id);
    }
    return old.length > 0;
  }

  private find(vmId: string | null): string | undefined {
    return [...this.wanted].find(([, volume]) => volume.vmId === vmId)?.[0];
  }

  private async made(vmId: string): Promise<string> {
    const id = await this.create(vmId);
    await this.department.volumeUntil(id, ({ state }) => state === 'AVAILABLE');
    return id;
  }

  private async attached(vmId: string): Promise<string> {
    const id = this.find(null) ?? (await this.made(vmId));
    await this.department.moveVolume('attachVolume', vmId, id, 'ATTACHED');
    this.wanted.set(id, { ...(this.wanted.get(id) ?? { gib: 1 }), vmId });
    return id;
  }

  private async create(vmId: string): Promise<string> {
    const said = { departmentId: this.department.id, name: randomUUID(), capacityGib: 1, vmId };
    const answer = await this.say('createVolume', 'CreateVolumeInput', said);
    this.wanted.set(answer.volume.id, { vmId: null, gib: 1 });
    return answer.volume.id;
  }

  private async say(mutation: VolumeMutation, type: string, said: object): Promise<{ volume: { id: string } }> {
    const shown = mutation === 'createVolume' ? 'volume { id }' : 'operation { id }';
    const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${shown} } }`;
    const answer = await this.department.member.ask<Record<string, { volume: { id: string } }>>(query, {
      input: { idempotencyKey: randomUUID(), ...said },
    });
    const made = answer[mutation];
    if (made === undefined) throw new Error(`${mutation} was not answered`);
    return made;
  }
}
