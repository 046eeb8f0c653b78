/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One value of a document that became another; null where there was none, or is none any more. */
export interface SpecChange {
  /** Names of fields and places in lists, with dots: `disks.0.bus`. */
  readonly path: string;
  readonly from: Json;
  readonly to: Json;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? { ...value } : undefined;

/** Values as JSON has them: what it can't say is null. */
const jsonOf = (value: unknown): Json => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json));

/** What differs between two documents, in the order of their paths. Values that are not there and null are one. */
export const changesBetweenSpecs = (from: object, to: object): SpecChange[] =>
  changesAt('', from, to).sort((a, b) => (a.path < b.path ? -1 : 1));

const changesAt = (path: string, from: unknown, to: unknown): SpecChange[] => {
  const [before, after] = [fieldsOf(from), fieldsOf(to)];
  // A field that becomes a list, or a list a field, is another value: its places have other names.
  if (before === undefined || after === undefined || Array.isArray(from) !== Array.isArray(to)) {
    const change = { path, from: jsonOf(from), to: jsonOf(to) };
    return JSON.stringify(change.from) === JSON.stringify(change.to) ? [] : [change];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changesAt(path === '' ? name : `${path}.${name}`, before[name], after[name]));
};
