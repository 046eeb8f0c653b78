import { DomainError, attachVolume, detachVolume, isRetryable } from '@infinibay/contracts';
import type { Volume } from '../generated/prisma/client.js';
import type { PerformStep, StepInput } from './step.js';

const placeOf = ({ target: onVm }: StepInput, { id: volumeId, target }: Volume) => ({
  ...onVm,
  volumeId,
  target: target ?? '',
});

/** What the operation is about comes first, and the rest in the order of their names at the VM. */
const dueIn = ({ volumes, parameters: { volumeId } }: StepInput, attachment: Volume['attachment']): Volume[] =>
  volumes
    .filter((volume) => volume.attachment === attachment)
    .sort((a, b) => Number(b.id === volumeId) - Number(a.id === volumeId));

/**
 * One that nobody waits for does not stand in the way of another.
 * @returns why it failed; undefined: it did not
 * @throws what concerns the whole VM, or the volume that the operation is about
 */
const byItself = async ({ parameters: { volumeId } }: StepInput, { id }: Volume, work: () => Promise<void>) => {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'STALE_FENCE' || id === volumeId) throw error;
    return error;
  }
};

/** Asks the host for each; what has come of it is left with the preparation, to be recorded with the step. */
const attach: PerformStep = async (input) => {
  const [attached, refused]: [string[], string[]] = [[], []];
  let isComplete = true;
  for (const volume of dueIn(input, 'ATTACHING')) {
    const failure = await byItself(input, volume, async () => {
      await input.requests.call(attachVolume, placeOf(input, volume), input.on);
      attached.push(volume.id);
    });
    if (failure === undefined) continue;
    if (isRetryable(failure)) isComplete = false;
    else refused.push(volume.id);
  }
  input.preparation.volumes = { moved: attached, refused };
  return isComplete || input.parameters.volumeId !== undefined ? 'done' : 'pending';
};

/** A guest lets go of a disk when it likes. One that it keeps keeps nobody waiting who asked for another. */
const detach: PerformStep = async (input) => {
  const due = dueIn(input, 'DETACHING');
  const gone: string[] = [];
  for (const volume of due)
    await byItself(input, volume, async () => {
      const { isDetached } = await input.requests.call(detachVolume, placeOf(input, volume), input.on);
      if (isDetached) gone.push(volume.id);
    });
  input.preparation.volumes = { moved: gone, refused: [] };
  const { volumeId } = input.parameters;
  const awaited = volumeId === undefined ? due : due.filter(({ id }) => id === volumeId);
  return awaited.every(({ id }) => gone.includes(id)) ? 'done' : 'pending';
};

/**
 * A definition that was just written has no volumes: they are put into it, one by one. A VM does not start without one
 * that it has; one that was still to come, and can't, is given back.
 */
export const defineVolumes = async (input: StepInput): Promise<void> => {
  const refused: string[] = [];
  for (const volume of input.volumes.filter(({ attachment }) => attachment !== 'DETACHING'))
    try {
      await input.requests.call(attachVolume, placeOf(input, volume), input.on);
    } catch (error) {
      const isHopeless = error instanceof DomainError && error.code !== 'STALE_FENCE' && !isRetryable(error);
      if (volume.attachment !== 'ATTACHING' || !isHopeless) throw error;
      refused.push(volume.id);
    }
  input.preparation.volumes = { moved: [], refused };
};

export const volumeSteps = { 'attach-volume': attach, 'detach-volume': detach };
