// Writes src/addon.ts from what napi says of the Rust code. Run after a change of the addon's surface.
// With --check it writes nothing and fails when the file is stale.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const packageDir = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(packageDir, 'types-'));
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
} from './vocabulary.js';

`;

try {
  const cli = createRequire(import.meta.url).resolve('@napi-rs/cli');
  const dts = join(scratch, 'addon.d.ts');
  execFileSync(
    process.execPath,
    [
      join(dirname(cli), 'cli.js'),
      'build',
      '--release',
      '--platform',
      '--no-js',
      '--output-dir',
      scratch,
      '--dts',
      relative(scratch, dts),
    ],
    { cwd: packageDir, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const body = readFileSync(dts, 'utf8')
    .replace(/^\/\* .*\*\/\n/gm, '')
    // A descriptor that closes itself until JavaScript has it.
    .replaceAll('Promise<Descriptor>', 'Promise<number>')
    // Those that are checked before C gets them.
    .replace(/\b(Uint32|Int32|Count)\b/g, 'number')
    // What a macro passes on is quoted.
    .replace(/(\/?\*+) r" /g, '$1 ')
    .trimStart();
  const target = join(packageDir, 'src', 'addon.ts');
  const text = await format(header + body, { ...(await resolveConfig(target)), filepath: target });
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) throw new Error('stale: npm run build:types -w @infinibay/libvirt');
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
