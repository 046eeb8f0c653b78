import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

import { runCommand } from './command.ts';
import { toolchainDir } from './layout.ts';

const LIBRARY = 'usr/lib/*/libnss_wrapper.so';
const FOLDER = path.join(toolchainDir, 'nss-wrapper');
const FETCH = 'apt-get download libnss-wrapper && dpkg-deb -x ./libnss-wrapper_*.deb . ; rm -f ./libnss-wrapper_*.deb';

/** Whether the system knows a name for the uid that we run as; a container started with `--user 12345` does not. */
export function hasName(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

/** libnss_wrapper.so of Debian's package: the installed one, or one that is unpacked into `.toolchain/` and not installed. */
export async function findNssWrapper(folder = FOLDER): Promise<string | undefined> {
  const known = (): string | undefined => globSync([`/${LIBRARY}`, path.join(folder, LIBRARY)])[0];
  if (known() !== undefined) return known();
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // A checkout of somebody else's.
    return undefined;
  }
  await runCommand('sh', ['-c', FETCH], { workingDir: folder, timeoutMs: 120_000 });
  return known();
}

/**
 * Variables with which libnss_wrapper gives our uid and gid a name.
 * @param folder of ours, for the lists of names
 */
export function nameVariables(library: string, folder: string): Readonly<Record<string, string>> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0].map(String) as [string, string];
  const [passwd, group] = [path.join(folder, 'passwd'), path.join(folder, 'group')];
  mkdirSync(folder, { recursive: true });
  writeFileSync(passwd, `infinibay:x:${uid}:${gid}::${folder}:/bin/sh\n`);
  writeFileSync(group, `infinibay:x:${gid}:\n`);
  return { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}
