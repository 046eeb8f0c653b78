import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file belongs to. */
export const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** Downloaded and built tools that are not the state of a run; `npm run reset` keeps them. */
export const toolchainDir = path.join(repositoryRoot, '.toolchain');

/** Every place on disk that one running stack uses. All paths are absolute. */
export interface StackLayout {
  /** Eight hexadecimal digits derived from `stateDir`: names the network namespace and the socket folder. */
  readonly id: string;
  readonly stateDir: string;
  readonly postgresDir: string;
  readonly natsDir: string;
  readonly libvirtDir: string;
  readonly imageDir: string;
  readonly diskDir: string;
  readonly runDir: string;
  readonly logDir: string;
  readonly secretsFile: string;
  /** Unix sockets live here and not below `stateDir`: their path may not exceed 107 bytes. */
  readonly socketDir: string;
  readonly libvirtSocketDir: string;
  readonly agentSocketDir: string;
  readonly screenSocketDir: string;
  readonly networkNamespace: string;
}

/** Derives the layout from the state folder; two folders never share a socket folder or a namespace. */
export function layoutOf(stateDir: string): StackLayout {
  const absolute = path.resolve(stateDir);
  const id = createHash('sha256').update(absolute).digest('hex').slice(0, 8);
  const isRoot = process.getuid?.() === 0;
  const socketDir = isRoot ? `/run/infinibay-${id}` : path.join(tmpdir(), `ib-${id}`);
  return {
    id,
    stateDir: absolute,
    postgresDir: path.join(absolute, 'postgres'),
    natsDir: path.join(absolute, 'nats'),
    libvirtDir: path.join(absolute, 'libvirt'),
    imageDir: path.join(absolute, 'images'),
    diskDir: path.join(absolute, 'disks'),
    runDir: path.join(absolute, 'run'),
    logDir: path.join(absolute, 'logs'),
    secretsFile: path.join(absolute, 'secrets.json'),
    socketDir,
    libvirtSocketDir: path.join(socketDir, 'libvirt'),
    agentSocketDir: path.join(socketDir, 'agents'),
    screenSocketDir: path.join(socketDir, 'screens'),
    networkNamespace: `infinibay-${id}`,
  };
}

/** The layout of this checkout: `INFINIBAY_STATE_DIR`, or `.infinibay` in the checkout. */
export function defaultLayout(environment: NodeJS.ProcessEnv = process.env): StackLayout {
  const asked = environment['INFINIBAY_STATE_DIR'] ?? '';
  return layoutOf(asked === '' ? path.join(repositoryRoot, '.infinibay') : asked);
}
