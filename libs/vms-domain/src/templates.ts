import { DomainError, type VmSizes } from '@infinibay/contracts';
import { z } from 'zod';
import { CloudInit } from './cloud-init/cloud-init.js';
import { DEFAULT_HARDWARE } from './spec/hardware.js';
import { resized, sizesOfSpec, type VmSpec } from './spec/vm-spec.js';

const OPEN = { min: null, max: null } as const;
const Range = z.object({ min: z.number().nullable(), max: z.number().nullable() }).default(OPEN);

/**
 * From where to where each size of a VM may be chosen that is made of a template; null: as far as of any VM. Also the form
 * in which it is kept: a range that is not there limits nothing.
 */
export const TemplateLimits = z.object({ vcpus: Range, memoryMib: Range, diskGib: Range });
export type TemplateLimits = z.output<typeof TemplateLimits>;

export const NO_LIMITS: TemplateLimits = { vcpus: OPEN, memoryMib: OPEN, diskGib: OPEN };

export const isUnlimited = ({ vcpus, memoryMib, diskGib }: TemplateLimits): boolean =>
  [vcpus, memoryMib, diskGib].every(({ min, max }) => min === null && max === null);

/** Every size of a VM that a template limits. */
export interface LimitedSizes extends VmSizes {
  readonly diskGib: number;
}
type Limited = keyof LimitedSizes;

export interface OutsideLimit {
  readonly field: Limited;
  readonly asked: number;
  readonly min: number | null;
  readonly max: number | null;
}

/** What each limit is about: the room above a size is a part of the host too. */
const LIMITED: readonly (readonly [keyof TemplateLimits, readonly Limited[]])[] = [
  ['vcpus', ['vcpus', 'maxVcpus']],
  ['memoryMib', ['memoryMib', 'maxMemoryMib']],
  ['diskGib', ['diskGib']],
];

/** What of the sizes is not within the limits; of a size that isn't, its room is not told of as well. */
export const outsideLimits = (limits: TemplateLimits, sizes: LimitedSizes): OutsideLimit[] =>
  LIMITED.flatMap(([limit, fields]) => {
    const { min, max } = limits[limit];
    const isOutside = (asked: number): boolean => (min !== null && asked < min) || (max !== null && asked > max);
    const field = fields.find((one) => isOutside(sizes[one]));
    return field === undefined ? [] : [{ field, asked: sizes[field], min, max }];
  });

/** @throws DomainError TEMPLATE_LIMIT; its details are the first that is outside, and all of them in `outside` */
export const requireWithinLimits = (limits: TemplateLimits, sizes: LimitedSizes): void => {
  const outside = outsideLimits(limits, sizes);
  const [first] = outside;
  if (first !== undefined) throw new DomainError('TEMPLATE_LIMIT', { ...first, outside });
};

/** What is said of the sizes of a new VM; null: nothing. */
export type SaidSizes = { readonly [Size in keyof VmSizes]: number | null };

/**
 * What is said over what a template, or an image, has. Room that nobody names rises with a size that is above it. Whether the
 * hardware goes with it is not looked at: something else may be said of that too.
 * @throws DomainError INVALID_INPUT for room below the size
 */
export const sizesOver = (defaults: VmSpec, said: SaidSizes): VmSizes => {
  const { vcpus, memoryMib } = defaults;
  const sizes = { ...said, vcpus: said.vcpus ?? vcpus, memoryMib: said.memoryMib ?? memoryMib };
  return sizesOfSpec(resized({ ...defaults, hardware: DEFAULT_HARDWARE }, sizes));
};

/**
 * Each thing that is said takes the place of the template's, lists as a whole. Keys and the password of a template are those of
 * its user: who names another user gets none of them.
 */
export const cloudInitOver = (defaults: CloudInit | null, said: CloudInit | null): CloudInit | null => {
  if (said === null || defaults === null) return said ?? defaults;
  const isOtherUser = said.userName !== null && said.userName !== defaults.userName;
  const user = isOtherUser ? { userName: null, passwordHash: null, sshAuthorizedKeys: [] } : defaults;
  return CloudInit.parse({
    userName: said.userName ?? user.userName,
    sshAuthorizedKeys: listOver(user.sshAuthorizedKeys, said.sshAuthorizedKeys),
    passwordHash: said.passwordHash ?? user.passwordHash,
    packages: listOver(defaults.packages, said.packages),
    hostname: said.hostname ?? defaults.hostname,
    userData: said.userData ?? defaults.userData,
  });
};

const listOver = (defaults: readonly string[], said: readonly string[]): readonly string[] =>
  said.length === 0 ? defaults : said;
