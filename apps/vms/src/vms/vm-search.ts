import { nameKey } from '@infinibay/contracts';

/** Between name and description: no text that is searched for can have it. */
const BOUNDARY = '\n';
const LONGEST_SUBSTRING = 3;
const FACTOR = 1_009;
/** Numbers of substrings are integers of PostgreSQL. */
const MODULUS = 2_147_483_647;

/** What text filters compare: without case, in one Unicode form. A sigma is one wherever it stands in a word. */
export const foldText = (text: string): string => nameKey(text).replaceAll('ς', 'σ');

/** The text of a VM that filters look into. */
export const searchTextOf = (name: string, description: string): string =>
  `${foldText(name)}${BOUNDARY}${foldText(description)}`;

/**
 * A number for each substring of one to three characters, once: what an index knows of a text. Two substrings may have
 * one number, so the text itself decides. Substrings in the place of pg_trgm: a service's role may not install it.
 */
export const substringsOf = (text: string): number[] => {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const numbers = points.flatMap((_, at) =>
    Array.from({ length: LONGEST_SUBSTRING }, (_length, more) => numberOf(points.slice(at, at + more + 1))),
  );
  return [...new Set(numbers)];
};

/** Numbers that a text has which contains this one; as few as tell the same. */
export const substringsToFind = (text: string): number[] => {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const length = Math.min(LONGEST_SUBSTRING, points.length);
  const numbers = Array.from({ length: points.length - length + 1 }, (_, at) =>
    numberOf(points.slice(at, at + length)),
  );
  return [...new Set(numbers)];
};

const numberOf = ([first = 0, second = 0, third = 0]: readonly number[]): number =>
  ((first * FACTOR + second) * FACTOR + third) % MODULUS;
