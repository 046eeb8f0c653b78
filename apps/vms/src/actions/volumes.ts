import { attachVolume, detachVolume } from '@infinibay/contracts';
import type { Volume } from '../generated/prisma/client.js';
import { attachEach, defineEach, detachEach, type Attachments } from './attachments.js';
import type { PerformStep, StepInput } from './step.js';

const placeOf = ({ target: onVm }: StepInput, { id: volumeId, target }: Volume) => ({
  ...onVm,
  volumeId,
  target: target ?? '',
});

const volumesIn = ({ volumes, parameters: { volumeId } }: StepInput): Attachments<Volume> => ({
  items: volumes,
  isAwaited: volumeId === undefined ? null : ({ id }) => id === volumeId,
});

const attachTo =
  (input: StepInput) =>
  (volume: Volume): Promise<unknown> =>
    input.requests.call(attachVolume, placeOf(input, volume), input.on);

const attach: PerformStep = async (input) => {
  const { outcome, ...volumes } = await attachEach(volumesIn(input), attachTo(input));
  input.preparation.volumes = volumes;
  return outcome;
};

const detach: PerformStep = async (input) => {
  const { requests, on } = input;
  const isGone = async (volume: Volume): Promise<boolean> =>
    (await requests.call(detachVolume, placeOf(input, volume), on)).isDetached;
  const { outcome, ...volumes } = await detachEach(volumesIn(input), isGone);
  input.preparation.volumes = volumes;
  return outcome;
};

export const defineVolumes = async (input: StepInput): Promise<void> => {
  input.preparation.volumes = { moved: [], refused: await defineEach(input.volumes, attachTo(input)) };
};

export const volumeSteps = { 'attach-volume': attach, 'detach-volume': detach };
