import { attachVolume, detachVolume } from '@infinibay/contracts';
import type { Volume } from '../generated/prisma/client.js';
import type { PerformStep, StepInput } from './step.js';

const placeOf = ({ target: onVm }: StepInput, { id: volumeId, target }: Volume) => ({
  ...onVm,
  volumeId,
  target: target ?? '',
});

/** Asks the host for each; which of them have come about is left with the preparation, to be recorded with the step. */
const attach: PerformStep = async (input) => {
  const due = input.volumes.filter(({ attachment }) => attachment === 'ATTACHING');
  for (const volume of due) await input.requests.call(attachVolume, placeOf(input, volume), input.on);
  input.preparation.volumeIds = due.map(({ id }) => id);
  return 'done';
};

/** A guest lets go of a disk when it likes. */
const detach: PerformStep = async (input) => {
  const due = input.volumes.filter(({ attachment }) => attachment === 'DETACHING');
  const gone: string[] = [];
  for (const volume of due) {
    const { isDetached } = await input.requests.call(detachVolume, placeOf(input, volume), input.on);
    if (isDetached) gone.push(volume.id);
  }
  input.preparation.volumeIds = gone;
  return gone.length === due.length ? 'done' : 'pending';
};

/** A definition that was just written has no volumes: they are put into it, one by one. */
export const defineVolumes = async (input: StepInput): Promise<void> => {
  for (const volume of input.volumes.filter(({ attachment }) => attachment !== 'DETACHING'))
    await input.requests.call(attachVolume, placeOf(input, volume), input.on);
};

export const volumeSteps = { 'attach-volume': attach, 'detach-volume': detach };
