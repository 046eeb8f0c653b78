import type { TypedParameter } from './generated/addon.js';

/** What libvirt tells under names of its own, e.g. `{ data_processed: 4096 }`. 64-bit numbers are exact up to 2^53. */
export type Parameters = Readonly<Record<string, boolean | number | string>>;

/** The kinds that libvirt expects, by name. */
export type ParameterKinds = Readonly<Record<string, TypedParameter['kind']>>;

/** Parameters that may be set: each of `K`, as a number, or as a text where its kind is `string`. */
export type ParametersOf<K extends ParameterKinds> = {
  readonly [name in keyof K]?: K[name] extends 'string' ? string : K[name] extends 'boolean' ? boolean : number;
};

/** What libvirt told, as an object. */
export function fromParameters(told: readonly TypedParameter[]): Parameters {
  return Object.fromEntries(told.map(({ name, value }) => [name, value]));
}

/** For libvirt; throws a TypeError for a name that it doesn't have. */
export function toParameters(kinds: ParameterKinds, values: object): TypedParameter[] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const kind = kinds[name];
    if (kind === undefined) throw new TypeError(`there is no parameter ${name}`);
    // A list is the same name several times.
    return (Array.isArray(value) ? value : [value]).map((one: unknown) => {
      if (typeof one !== 'boolean' && typeof one !== 'number' && typeof one !== 'string') {
        throw new TypeError(`${name} must be a number, a text or a boolean`);
      }
      return { name, kind, value: one };
    });
  });
}
