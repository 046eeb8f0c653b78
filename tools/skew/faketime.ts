import { existsSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { runCommand } from '../stack/command.ts';
import { StackError } from '../stack/stack-error.ts';

/** libfaketime.so.1, from Debian's package: the installed one, or one that is unpacked into `folder` and not installed. */
export async function findFaketime(folder: string): Promise<string> {
  const known = [
    ...globSync('/usr/lib/*/faketime/libfaketime.so.1'),
    ...globSync(`${folder}/usr/lib/*/faketime/libfaketime.so.1`),
  ];
  const [installed] = known.filter((file) => existsSync(file));
  if (installed !== undefined) return installed;
  mkdirSync(folder, { recursive: true });
  const script = 'apt-get download libfaketime && dpkg-deb -x ./libfaketime_*.deb . && rm ./libfaketime_*.deb';
  const result = await runCommand('sh', ['-c', script], { workingDir: folder, timeoutMs: 120_000 });
  const [unpacked] = globSync(`${path.resolve(folder)}/usr/lib/*/faketime/libfaketime.so.1`);
  if (unpacked === undefined) throw new StackError(`libfaketime could not be fetched with apt-get: ${result.stderr}`);
  return unpacked;
}

/** By how many seconds a service's clock was off: its last log line says its own time, the file the machine's. */
export function offsetShownBy(logFile: string): number {
  if (!existsSync(logFile)) return 0;
  const [, said] = /.*"time":"([^"]+)"/.exec(readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '') ?? [];
  return said === undefined ? 0 : (Date.parse(said) - statSync(logFile).mtimeMs) / 1_000;
}
