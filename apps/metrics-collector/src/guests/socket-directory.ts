import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Uuid } from '@infinibay/contracts';

const SOCKET_NAME = 'agent.sock';

/** An agent socket that this host made. The VM's id comes from its folder and from nowhere else. */
export interface AgentSocket {
  readonly vmId: string;
  readonly path: string;
  /** Another one means another socket: the VM was started again, or is moved to another host. */
  readonly identity: string;
  /** Which folder of sockets it is in: the one of this host, whatever the host is called. */
  readonly place: string;
}

/**
 * The agent sockets `<folder>/<vmId>/agent.sock`. Links, files and folders with other names are passed over, so nothing
 * outside the folder is ever opened. A folder that does not exist yet has no sockets.
 */
export const listAgentSockets = async (folder: string): Promise<AgentSocket[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const vmIds = entries
    .filter((entry) => entry.isDirectory() && Uuid.safeParse(entry.name).success)
    .map((entry) => entry.name);
  if (vmIds.length === 0) return [];
  const place = await placeOf(folder);
  const sockets = await Promise.all(vmIds.map((vmId) => inspect(folder, vmId)));
  return sockets.flatMap((socket) => (socket === undefined ? [] : [{ ...socket, place }]));
};

const inspect = async (folder: string, vmId: string): Promise<Omit<AgentSocket, 'place'> | undefined> => {
  const path = join(folder, vmId, SOCKET_NAME);
  try {
    const stats = await lstat(path, { bigint: true });
    if (!stats.isSocket()) return undefined;
    // The birth time outlives a change of owner or mode, which libvirt makes after QEMU has bound the socket.
    return { vmId, path, identity: identityOf(stats, stats.birthtimeNs === 0n ? stats.ctimeNs : stats.birthtimeNs) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** Not by its other times: they change with each socket. */
const placeOf = async (folder: string): Promise<string> => {
  const stats = await lstat(folder, { bigint: true });
  return identityOf(stats, stats.birthtimeNs);
};

const identityOf = ({ dev, ino }: BigIntStats, born: bigint): string => `${dev}:${ino}:${born}`;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
