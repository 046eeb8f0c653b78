/**
 * node tools/reference/main.ts            writes docs/reference and .env.example
 * node tools/reference/main.ts --check    fails when they are stale or a published contract changed
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { CONTRACTS } from '@infinibay/contracts';

import { repositoryRoot } from '../stack/layout.ts';
import { asyncApi } from './async-api.ts';
import { configurationPage, environmentExample, readConfigurations } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { breaches, publish, type PublishedContracts } from './published-contracts.ts';
import { asDocument, messagesOf } from './schemas.ts';
import { addressOf } from './subjects.ts';
import { vmActionsPage } from './vm-actions.ts';

const REFERENCE = 'docs/reference';
const SCHEMAS = `${REFERENCE}/json-schemas`;
const LOCK = `${REFERENCE}/published-contracts.lock.json`;
const MESSAGES_VERSION = '1.0.0';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const absolute = (file: string): string => path.join(repositoryRoot, file);
const readIfThere = (file: string): string | undefined =>
  existsSync(absolute(file)) ? readFileSync(absolute(file), 'utf8') : undefined;

const publishedNow = (): PublishedContracts =>
  publish(CONTRACTS.map((contract) => ({ ...contract, address: addressOf(contract), messages: messagesOf(contract) })));

/** All generated files, by path below the repository's root. */
async function generate(): Promise<Map<string, string>> {
  const configurations = await readConfigurations();
  const schemas = CONTRACTS.flatMap((contract) =>
    messagesOf(contract).map((message): [string, string] => [
      `${SCHEMAS}/${message.id}.json`,
      json(asDocument(message, contract.description)),
    ]),
  );
  return new Map([
    [`${REFERENCE}/asyncapi.yaml`, asyncApi(CONTRACTS, MESSAGES_VERSION)],
    ...schemas,
    [`${REFERENCE}/configuration.md`, configurationPage(configurations)],
    [`${REFERENCE}/errors.md`, errorsPage()],
    [`${REFERENCE}/vm-actions.md`, vmActionsPage()],
    ['.env.example', environmentExample(configurations)],
    [LOCK, json(publishedNow())],
  ]);
}

/** Schema files of messages that are no more. */
function leftOver(files: ReadonlyMap<string, string>): string[] {
  if (!existsSync(absolute(SCHEMAS))) return [];
  return readdirSync(absolute(SCHEMAS))
    .map((name) => `${SCHEMAS}/${name}`)
    .filter((file) => !files.has(file));
}

function checkPublished(): readonly string[] {
  const text = readIfThere(LOCK);
  return text === undefined ? [] : breaches(JSON.parse(text) as PublishedContracts, publishedNow());
}

async function main(): Promise<void> {
  const broken = checkPublished();
  if (broken.length > 0)
    throw new Error(`published contracts must not change:\n${broken.map((line) => `  - ${line}`).join('\n')}`);
  const files = await generate();
  const stale = [...files].filter(([file, text]) => readIfThere(file) !== text).map(([file]) => file);
  const old = leftOver(files);
  if (process.argv.includes('--check')) {
    if (stale.length + old.length === 0) return;
    throw new Error(`stale: ${[...stale, ...old].join(', ')}\nrun: node tools/reference/main.ts`);
  }
  mkdirSync(absolute(SCHEMAS), { recursive: true });
  for (const [file, text] of files) writeFileSync(absolute(file), text);
  for (const file of old) rmSync(absolute(file));
  process.stdout.write(`reference: ${String(stale.length)} files written, ${String(old.length)} removed\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
