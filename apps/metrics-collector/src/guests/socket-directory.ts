import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Uuid } from '@infinibay/contracts';

const SOCKET_NAME = 'agent.sock';

/** An agent socket that this host made. The VM's id comes from its folder and from nowhere else. */
export interface AgentSocket {
  readonly vmId: string;
  readonly path: string;
  /** Another one means another socket: the VM was started again. */
  readonly identity: string;
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
  const sockets = await Promise.all(vmIds.map((vmId) => inspect(folder, vmId)));
  return sockets.filter((socket) => socket !== undefined);
};

const inspect = async (folder: string, vmId: string): Promise<AgentSocket | undefined> => {
  const path = join(folder, vmId, SOCKET_NAME);
  try {
    const stats = await lstat(path, { bigint: true });
    if (!stats.isSocket()) return undefined;
    // The birth time outlives a change of owner or mode, which libvirt makes after QEMU has bound the socket.
    const born = stats.birthtimeNs === 0n ? stats.ctimeNs : stats.birthtimeNs;
    return { vmId, path, identity: `${stats.dev}:${stats.ino}:${born}` };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
