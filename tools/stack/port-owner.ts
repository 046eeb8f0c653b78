import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** Inode of the socket that listens on 127.0.0.1 or on every address, from the kernel's table. */
function listeningInode(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/u);
    if (fields[1]?.endsWith(suffix) === true && fields[3] === LISTEN) return fields[9];
  }
  return undefined;
}

/**
 * Whether this very process listens on the port. An answer on a port may come from somebody else, who took it between
 * our choice and the start of the service.
 */
export function listensOn(pid: number, port: number): boolean {
  const inode = listeningInode(port);
  if (inode === undefined) return false;
  const folder = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(folder).some((name) => readlinkSync(`${folder}/${name}`) === `socket:[${inode}]`);
  } catch {
    return false; // it ended, or closed one of them meanwhile
  }
}
