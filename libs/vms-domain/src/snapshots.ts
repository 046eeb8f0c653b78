import { DEFAULT_HARDWARE } from './spec/hardware.js';
import { changesBetweenSpecs } from './spec/spec-changes.js';

/** No more of one VM: each makes every write of its guest a little slower. */
export const MAX_SNAPSHOTS = 32;

/** What a spec says that no machine is made of. */
const NOT_OF_THE_MACHINE: ReadonlySet<string> = new Set(['autostart']);

/** What an older version wrote of a spec says nothing of some things, or of some of the hardware: that was as it always was. */
const completed = (spec: object): object => {
  const hardware = 'hardware' in spec && typeof spec.hardware === 'object' ? spec.hardware : null;
  return { links: {}, ...spec, hardware: { ...DEFAULT_HARDWARE, ...hardware } };
};

/** Memory fits only the machine that it is of: the paths of the spec in which a VM differs from what it was then. */
export const specDifferences = (then: object, now: object): string[] =>
  changesBetweenSpecs(completed(then), now)
    .map(({ path }) => path)
    .filter((path) => !NOT_OF_THE_MACHINE.has(path));

const sorted = (ids: readonly string[]): string => [...ids].sort().join();

/** Whether the VM has these volumes and no other. */
export const hasSameVolumes = (then: readonly string[], now: readonly string[]): boolean =>
  sorted(then) === sorted(now);
