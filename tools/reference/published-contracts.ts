import { createHash } from 'node:crypto';

import { essence, type MessageSchema } from './schemas.ts';
import type { Address } from './subjects.ts';

/** `<name>@<version>` to a hash of everything that a program on the other end relies on. */
export type PublishedContracts = Readonly<Record<string, string>>;

/** A contract as it is published: where it goes and what fits it. Descriptions and examples may still be bettered. */
export interface Publication {
  readonly name: string;
  readonly version: number;
  readonly type: string;
  readonly address: Address;
  readonly messages: readonly MessageSchema[];
}

const keyOf = ({ name, version }: Publication): string => `${name}@${String(version)}`;

const hashOf = ({ type, address, messages }: Publication): string => {
  const relied = { type, subject: address.subject, messages: messages.map(({ id, schema }) => [id, essence(schema)]) };
  return createHash('sha256').update(JSON.stringify(relied)).digest('hex').slice(0, 32);
};

/** The lock's content for what is published now, in the order of names. */
export const publish = (publications: readonly Publication[]): PublishedContracts =>
  Object.fromEntries(
    publications.map((one): [string, string] => [keyOf(one), hashOf(one)]).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/**
 * What breaks those who rely on the published contracts: one that changed, or that is gone without a newer version.
 * New names and new versions break nobody.
 */
export const breaches = (published: PublishedContracts, now: PublishedContracts): readonly string[] =>
  Object.entries(published).flatMap(([key, hash]) => {
    if (now[key] === hash) return [];
    if (now[key] !== undefined) return [`${key} changed after it was published: give the new shape a new version`];
    return hasNewerVersion(key, now) ? [] : [`${key} is gone although it was published`];
  });

const hasNewerVersion = (key: string, now: PublishedContracts): boolean => {
  const [name, version] = split(key);
  return Object.keys(now).some((other) => {
    const [otherName, otherVersion] = split(other);
    return otherName === name && otherVersion > version;
  });
};

const split = (key: string): [string, number] => {
  const at = key.lastIndexOf('@');
  return [key.slice(0, at), Number(key.slice(at + 1))];
};
