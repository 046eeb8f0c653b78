import { randomUUID } from 'node:crypto';
import { keyedMutations, spellingsOf, type KeyedMutation } from './mutation-schema.js';

export interface ReplayAnswer {
  readonly data: unknown;
  readonly codes: readonly string[];
}

type Input = Readonly<Record<string, unknown>>;

/** How one mutation is tried. Every mutation of a service's schema has a row. */
export interface ReplayRow {
  /** Of the answer: `{ id name }`, or nothing for a mutation that answers an id. */
  readonly select: string;
  /** What to ask for, without the key; called once. Optional fields are best left out. */
  readonly input: () => Input | Promise<Input>;
  /** Lets go, or changes, what the mutation named and what it made, by other means. */
  readonly gone: (input: Input, answer: ReplayAnswer) => Promise<unknown>;
  /** Fields that ask for something else. */
  readonly other: Input;
  /** For names that are unique: what other spellings of a name that is taken are answered. */
  readonly taken?: string;
  /** Optional fields of which null is an order of its own. */
  readonly nullHasMeaning?: readonly string[];
  /** What the actor hears who may no longer see what was answered. */
  readonly lost: readonly string[];
}

export interface ReplayBench {
  /** By the actor, or by the same one without any rights. */
  ask(query: string, variables: Record<string, unknown>, as: 'actor' | 'without rights'): Promise<ReplayAnswer>;
  /** Other services, and what they know, are gone, and come back. */
  away(): Promise<void> | void;
  back(): Promise<void> | void;
}

/** Fields that people read. */
const TEXTS = ['name', 'description'] as const;
const UNSEEN = ['a\u202Eb', 'a\u200Bb', 'a\u00ADb', 'a\uFEFFb', 'a\u0000b', 'a\nb', 'a\uD800b', '\u3164'] as const;
const REFUSED = ['INVALID_INPUT'] as const;

/** Names that look the same, or differ in case only. */
const spellingsOfName = (name: string): string[] => [
  name.toUpperCase(),
  name.normalize('NFD'),
  name.replace(/[a-z]/, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  name.replace(' ', '\u00A0'),
  name.replace(' ', '  '),
];

/**
 * Tries every mutation of a schema, each by its row.
 * @param begins called before each, for specs whose actor differs
 * @returns what did not hold, and mutations without a row; empty when all did
 */
export const replayProblems = async (
  bench: ReplayBench,
  sdl: string,
  rows: Readonly<Record<string, ReplayRow>>,
  begins: (mutation: string) => void = () => undefined,
): Promise<string[]> => {
  const mutations = keyedMutations(sdl);
  const names = mutations.map(({ name }) => name);
  const problems = Object.keys(rows)
    .filter((name) => !names.includes(name))
    .map((name) => `there is no mutation ${name}`);
  for (const mutation of mutations) {
    begins(mutation.name);
    const row = rows[mutation.name];
    problems.push(...(row === undefined ? [`${mutation.name} has no row`] : await problemsOf(bench, mutation, row)));
  }
  return problems;
};

/**
 * Twice at once, with texts that cannot be seen and names that are taken, then again when everything that it needed is gone, in other spellings, with other input, and by an
 * actor who has lost the rights.
 */
const problemsOf = async (bench: ReplayBench, mutation: KeyedMutation, row: ReplayRow): Promise<string[]> => {
  const idempotencyKey = randomUUID();
  const given = await row.input();
  const query = `mutation ($input: ${mutation.inputType}!) { ${mutation.name}(input: $input) ${row.select} }`;
  const ask = (input: Input, as: 'actor' | 'without rights' = 'actor') =>
    bench.ask(query, { input: { ...input, idempotencyKey } }, as);
  const problems: string[] = [];
  const expected = (what: string, got: unknown, wanted: unknown): void => {
    const [is, shall] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (is !== shall) problems.push(`${mutation.name}, ${what}: ${is} and not ${shall}`);
  };
  const [first, twin] = await Promise.all([ask(given), ask(given)]);
  expected('the first', first.codes, []);
  expected('twice at once', twin, first);
  const fresh = async (change: Input) =>
    (await bench.ask(query, { input: { ...given, ...change, idempotencyKey: randomUUID() } }, 'actor')).codes;
  for (const field of TEXTS.filter((text) => mutation.fields.some(({ name }) => name === text)))
    for (const text of UNSEEN) expected(`${field} ${JSON.stringify(text)}`, await fresh({ [field]: text }), REFUSED);
  if (row.taken !== undefined) {
    expected('the same name', await fresh({}), ['NAME_TAKEN']);
    for (const name of spellingsOfName(String(given['name'])))
      expected(`name ${name}`, await fresh({ name }), [row.taken]);
  }
  await row.gone(given, first);
  await bench.away();
  try {
    expected('replayed', await ask(given), first);
    for (const spelling of spellingsOf(mutation, given, row.nullHasMeaning))
      expected(`written as ${JSON.stringify(spelling)}`, await ask(spelling), first);
    expected('other input', (await ask({ ...given, ...row.other })).codes, ['IDEMPOTENCY_KEY_REUSED']);
    expected('without rights', (await ask(given, 'without rights')).codes, row.lost);
  } finally {
    await bench.back();
  }
  return problems;
};
