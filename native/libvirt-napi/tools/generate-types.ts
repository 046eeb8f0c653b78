// Writes src/generated/addon.ts from what napi says of the Rust code. Run after a change of the addon's surface.
// With --check it writes nothing and fails when the file is stale.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateTypeDef } from '@napi-rs/cli';
import { format, resolveConfig } from 'prettier';

const packageDir = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'ib-types-'));
const header = `// Generated from the Rust code by tools/generate-types.ts. Don't edit: npm run build:types -w @infinibay/libvirt
/* eslint-disable */
import type {
  BlockJobType,
  CpuComparison,
  DomainStateName,
  DomainStateReason,
  JobType,
  NetworkSection,
  PoolStateName,
  SnapshotState,
  VolumeType,
} from '../vocabulary.js';

`;

/** What the macros of napi say while they are expanded: a check of the crate does, without its code being generated. */
function checkCrate(typeDefDir: string): void {
  const manifest = join(packageDir, '..', 'Cargo.toml');
  execFileSync('cargo', ['check', '--quiet', '--locked', '-p', 'libvirt-napi', '--manifest-path', manifest], {
    // Another folder each time, so that cargo never answers from an earlier check.
    env: { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: typeDefDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

try {
  checkCrate(scratch);
  const { dts } = await generateTypeDef({ typeDefDir: scratch, cwd: packageDir });
  const body = dts
    .replace(/^\/\* .*\*\/\n/gm, '')
    // A descriptor that closes itself until JavaScript has it.
    .replaceAll('Promise<Descriptor>', 'Promise<number>')
    // Those that are checked before C gets them.
    .replace(/\b(Uint32|Int32|Count)\b/g, 'number')
    // What a macro passes on is quoted.
    .replace(/(\/?\*+) r" /g, '$1 ')
    .trimStart();
  const target = join(packageDir, 'src', 'generated', 'addon.ts');
  const text = await format(header + body, { ...(await resolveConfig(target)), filepath: target });
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) throw new Error('stale: npm run build:types -w @infinibay/libvirt');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
