import { IMAGE_OPERATIONS, stepsOf, VOLUME_OPERATIONS, type KnownOperationKind } from '@infinibay/vms-domain';

import { libvirtBoundMs, overNow, SERVER_BOUND_MS, SERVICE_BOUND_MS, type Row } from './row.ts';
import type { VolumeMutation } from './scene-volumes.ts';
import type { Scene, SnapshotMutation, VmMutation } from './scene.ts';
import type { Ending } from './snapshot.ts';
import { guestsOf, signalVictim, VICTIMS, type Victim } from './victims.ts';

type Standing = Exclude<Ending, 'GONE'>;

interface Asked {
  readonly kind: KnownOperationKind;
  /** null: a VM is created. */
  readonly mutation: VmMutation | null;
  readonly from: Standing;
  readonly ends: Ending;
  /** Instead of a mutation: what is asked about a snapshot. */
  readonly snapshot?: SnapshotMutation;
  /** Instead of a mutation: another size. */
  readonly resizes?: true;
  /** Instead of a mutation: what is asked about a volume. */
  readonly volume?: VolumeMutation;
  /** The guest has to take part. */
  readonly needsGuest?: true;
  /** Instead of a mutation: it is cloned. */
  readonly clones?: true;
}

const ASKED: readonly Asked[] = [
  { kind: 'CREATE_VM', mutation: null, from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'DELETE_VM', mutation: 'deleteVm', from: 'RUNNING', ends: 'GONE' },
  { kind: 'START_VM', mutation: 'startVm', from: 'STOPPED', ends: 'RUNNING' },
  { kind: 'FORCE_OFF_VM', mutation: 'forceOffVm', from: 'RUNNING', ends: 'STOPPED' },
  { kind: 'SUSPEND_VM', mutation: 'suspendVm', from: 'RUNNING', ends: 'PAUSED' },
  { kind: 'SAVE_VM', mutation: 'saveVm', from: 'RUNNING', ends: 'STOPPED' },
  { kind: 'RESUME_VM', mutation: 'resumeVm', from: 'PAUSED', ends: 'RUNNING' },
  { kind: 'RESET_VM', mutation: 'resetVm', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'SHUTDOWN_VM', mutation: 'shutdownVm', from: 'RUNNING', ends: 'STOPPED', needsGuest: true },
  { kind: 'CREATE_SNAPSHOT', mutation: null, snapshot: 'createVmSnapshot', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'REVERT_TO_SNAPSHOT', mutation: null, snapshot: 'revertVmToSnapshot', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'CLONE_VM', mutation: null, clones: true, from: 'STOPPED', ends: 'STOPPED' },
  { kind: 'DELETE_SNAPSHOT', mutation: null, snapshot: 'deleteVmSnapshot', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'RESIZE_VM', mutation: null, resizes: true, from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'CREATE_VOLUME', mutation: null, volume: 'createVolume', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'RESIZE_VOLUME', mutation: null, volume: 'resizeVolume', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'DELETE_VOLUME', mutation: null, volume: 'deleteVolume', from: 'RUNNING', ends: 'RUNNING' },
  { kind: 'ATTACH_VOLUME', mutation: null, volume: 'attachVolume', from: 'RUNNING', ends: 'RUNNING' },
  {
    kind: 'DETACH_VOLUME',
    mutation: null,
    volume: 'detachVolume',
    from: 'RUNNING',
    ends: 'RUNNING',
    needsGuest: true,
  },
];

/** One of each kind of victim, at places where something half done is left. */
const QUICK: ReadonlySet<string> = new Set([
  'CREATE_VM after:ensure-disk kill vms',
  'CREATE_VM before:start kill libvirtd',
  'CREATE_VM after:attach-network kill postgres',
  'DELETE_VM after:undefine kill hypervisor-agent',
  'DELETE_VM before:detach-network kill nats',
]);

const boundOf = (victim: Victim): Row['boundMs'] => {
  if (victim === 'libvirtd') return libvirtBoundMs;
  return () => (victim === 'nats' || victim === 'postgres' ? SERVER_BOUND_MS : SERVICE_BOUND_MS);
};

/** Steps of a wish that this way to it has no need of: no row could come to them. A VM that can be started has its disk. */
const NEVER_TAKEN: Readonly<Partial<Record<KnownOperationKind, readonly string[]>>> = { START_VM: ['ensure-disk'] };

const isOfVolume = (kind: KnownOperationKind): kind is keyof typeof VOLUME_OPERATIONS => kind in VOLUME_OPERATIONS;
const isOfImage = (kind: KnownOperationKind): kind is keyof typeof IMAGE_OPERATIONS => kind in IMAGE_OPERATIONS;
export const stepsOfAny = (kind: KnownOperationKind): readonly string[] => {
  if (isOfImage(kind)) return IMAGE_OPERATIONS[kind];
  return isOfVolume(kind)
    ? VOLUME_OPERATIONS[kind]
    : stepsOf(kind).filter((step) => !NEVER_TAKEN[kind]?.includes(step));
};

const ask = async (
  scene: Scene,
  { mutation, snapshot, volume, resizes, clones, from, ends, needsGuest }: Asked,
  place: string,
): Promise<void> => {
  if (resizes === true) {
    const vmId = await scene.resizable();
    scene.arm(place);
    await scene.resize(vmId);
    return;
  }
  if (volume !== undefined) {
    const vmId = await scene.vmIn(from);
    if (needsGuest === true) await scene.guestReady(vmId);
    const volumeId = await scene.volumes.for(volume, vmId);
    scene.arm(place);
    await scene.volumes.ask(volume, vmId, volumeId);
    return;
  }
  if (clones === true) {
    const vmId = await scene.vmIn(from);
    scene.arm(place);
    await scene.clone(vmId);
    return;
  }
  if (snapshot !== undefined) {
    const vmId = await scene.vmIn(from);
    if (snapshot !== 'createVmSnapshot') await scene.snapshotOf(vmId);
    scene.arm(place);
    await scene.actOnSnapshot(snapshot, vmId);
    return;
  }
  if (mutation === null) {
    scene.arm(place);
    await scene.create();
    return;
  }
  const vmId = await scene.vmIn(from);
  if (needsGuest === true) await scene.guestReady(vmId);
  scene.arm(place);
  await scene.act(mutation, vmId, ends);
};

/** A worker is held at the place, the victim is killed, and the worker goes on. */
const killAt = (asked: Asked, place: string, victim: Victim): Row => {
  const name = `${asked.kind} ${place} kill ${victim}`;
  return {
    name,
    quick: QUICK.has(name),
    boundMs: boundOf(victim),
    run: async (scene) => {
      try {
        await ask(scene, asked, place);
        await scene.held(place);
        const { layout } = scene.system;
        const guests = guestsOf(layout);
        await signalVictim(layout, victim, 'SIGKILL');
        return overNow(guests);
      } finally {
        scene.release(place);
      }
    },
  };
};

/** Every participant killed before and after every step of every action. */
export const stepRows = (): Row[] =>
  ASKED.flatMap((asked) =>
    stepsOfAny(asked.kind).flatMap((step) =>
      (['before', 'after'] as const).flatMap((when) =>
        VICTIMS.map((victim) => killAt(asked, `${when}:${step}`, victim)),
      ),
    ),
  );

/** Names of QUICK that no row has: they would silently not be tried. */
export const unknownQuickRows = (rows: readonly Row[]): string[] =>
  [...QUICK].filter((name) => !rows.some((row) => row.name === name));
