import { UploadBaseUrl, Uuid } from '@infinibay/contracts';
import { corsSettings, httpSettings, natsSettings, setting, type ConfigOf } from '@infinibay/platform-config';
import { z } from 'zod';
import { areFurtherPools, furtherPoolsIn } from './further-pools.js';

const absolutePath = z.string().startsWith('/', 'must be an absolute path');

/** A unix socket's path has at most 107 bytes; `/<vmId>/agent.sock` and `/<vmId>/vnc/socket` take 48 of them. */
const LONGEST_SOCKET_DIR = 59;
const socketDir = absolutePath.refine(
  (path) => Buffer.byteLength(path) <= LONGEST_SOCKET_DIR,
  `must have at most ${LONGEST_SOCKET_DIR} bytes`,
);

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '');

const isRange = (text: string): boolean => z.union([z.cidrv4(), z.cidrv6()]).safeParse(text).success;

export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...corsSettings,
  HOST_ID: setting(Uuid, 'Id of this host; stays the same for as long as the host is part of the platform'),
  LIBVIRT_URI: setting(z.string().min(1).default('qemu:///system'), 'Connection URI of libvirt', {
    example: 'qemu:///system',
  }),
  LIBVIRT_WORKERS: setting(z.coerce.number().int().min(1).max(14).default(6), 'libvirt calls that may run at once', {
    example: '6',
  }),
  LIBVIRT_VIRT_TYPE: setting(
    z.enum(['auto', 'kvm', 'qemu']).default('auto'),
    'auto uses KVM where it really works; qemu is software emulation',
    { example: 'auto' },
  ),
  AGENT_SOCKET_DIR: setting(socketDir, 'Folder for the sockets of the guest agents: <vmId>/agent.sock'),
  SCREEN_SOCKET_DIR: setting(
    socketDir,
    "Folder for the sockets of the guests' screens: <vmId>/vnc/socket. Only for the agent, and not below AGENT_SOCKET_DIR; QEMU's user must have search permission on it and on each folder above it",
  ),
  IMAGE_DIR: setting(absolutePath, 'Folder of images, each with its manifest <name>.json; only read'),
  DISK_DIR: setting(
    absolutePath,
    'Folder of the disks of VMs, with imported images in images/. Marked once; without its mark it counts as storage that is not mounted',
  ),
  STORAGE_POOLS: setting(
    z
      .string()
      .default('')
      .refine(areFurtherPools, 'must be name=/path, comma-separated; each name and each path once, and no pool default')
      .transform(furtherPoolsIn),
    'Further folders for volumes, beside DISK_DIR, which is the pool default: name=/path, comma-separated. Names are small letters, digits and hyphens. Each is marked as DISK_DIR is. Leave a pool in as long as it holds volumes',
    { example: 'fast=/mnt/fast,slow=/mnt/slow' },
  ),
  VOLUME_MOVE_MIB_PER_SECOND: setting(
    z.coerce.number().int().min(0).max(1_000_000).default(0),
    'MiB a second that a volume is copied with under a guest that runs on it, when it is moved to another pool. 0: as fast as the storage lets it',
    { example: '0' },
  ),
  MIGRATION_URI: setting(
    z.string().min(1).max(1_023).optional(),
    "How libvirt's daemons of other hosts reach the one of this host. Without it no VM is moved to this host",
    { example: 'qemu+tls://host-2.example.org/system' },
  ),
  MIGRATION_DATA_URI: setting(
    z
      .string()
      .regex(/^(?:tcp:\/\/[A-Za-z0-9.-]+|unix:\/\/\/[A-Za-z0-9._/-]{1,66})$/, 'must be tcp://<name> or unix://<folder>')
      .optional(),
    "Where memory and disks of VMs that come to this host go: tcp://<name of this host>; unix://<folder that QEMU's user may write to> for hosts on one machine. As libvirt chooses when left out",
    { example: '' },
  ),
  MIGRATION_TLS: setting(
    z.enum(['true', 'false']).default('false'),
    "Whether memory and disks of VMs that leave this host are encrypted, by QEMU's certificates. Without it the network between the hosts must be private",
    { example: 'false' },
  ),
  IMAGE_MAX_GIB: setting(
    z.coerce.number().positive().max(65_536).default(64),
    'GiB that the file of an image may have that is imported',
    { example: '64' },
  ),
  IMAGE_MAX_VIRTUAL_GIB: setting(
    z.coerce.number().positive().max(65_536).default(2_048),
    'GiB that a guest may see of an image that is imported',
    { example: '2048' },
  ),
  IMAGE_SOURCE_HOSTS: setting(
    z.string().default('').transform(listOf),
    'Names of the servers that images may be imported from, comma-separated; .example.org is all below it. Empty: every server that has a public address',
    { example: '' },
  ),
  IMAGE_SOURCE_RANGES: setting(
    z
      .string()
      .default('')
      .transform(listOf)
      .refine((ranges) => ranges.every(isRange), 'must be ranges such as 10.1.2.0/24, comma-separated'),
    'Ranges that images may be imported from although they are not public, such as those of your own mirror. Whoever may import images can have this host ask any address in them',
    { example: '' },
  ),
  UPLOAD_URL: setting(
    UploadBaseUrl.optional(),
    'Address at which browsers reach UPLOAD_ADDRESS and UPLOAD_PORT, best through a proxy that speaks TLS; /uploads/<image> is added to it. Not set: no images are uploaded to this host',
    { example: '' },
  ),
  IMAGE_COPY_URL: setting(
    UploadBaseUrl.optional(),
    'Address at which other hosts reach UPLOAD_ADDRESS and UPLOAD_PORT, to copy images that this host has; /uploads/<image>/content is added to it. UPLOAD_URL when left out. Without both nothing listens, and no image is copied from this host',
    { example: '' },
  ),
  UPLOAD_ADDRESS: setting(
    z.string().min(1).default('127.0.0.1'),
    'Address that uploads of images are taken on, and that images are copied from',
    { example: '127.0.0.1' },
  ),
  UPLOAD_PORT: setting(
    z.coerce.number().int().min(0).max(65_535).default(4_090),
    'Port that uploads of images are taken on, and that images are copied from',
    { example: '4090' },
  ),
  STATE_DIR: setting(absolutePath, 'Folder where the agent remembers fences and revisions; must survive a restart'),
  NETNS: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be the name of a network namespace')
      .optional(),
    "Network namespace of libvirt's daemon, where it isn't the machine's own",
    { example: '' },
  ),
  BRIDGE_NETFILTER_DIR: setting(
    absolutePath.regex(/^[A-Za-z0-9/_.-]+$/, 'must have no blanks and no quotes').default('/proc/sys/net/bridge'),
    "Folder of the kernel's switches that show packets of bridges to the packet filter (module br_netfilter)",
    { example: '/proc/sys/net/bridge' },
  ),
  CONSOLE_LOG_DIR: setting(
    absolutePath.optional(),
    'Folder for what guests write on their serial console. For development: a guest decides how much it writes',
    { example: '' },
  ),
  HEARTBEAT_INTERVAL_MS: setting(
    z.coerce.number().int().min(100).max(60_000).default(3_000),
    'Time between reports of the host',
    {
      example: '3000',
    },
  ),
  NETWORK_CHECK_INTERVAL_MS: setting(
    z.coerce.number().int().min(200).max(3_600_000).default(10_000),
    'Time between two comparisons of the networks with the host (bridge, taps, addresses, DHCP server, leases, NAT rules). Over 20000 a network that somebody broke is no longer mended within 30 s',
    { example: '10000' },
  ),
  DISK_CHECK_INTERVAL_MS: setting(
    z.coerce.number().int().min(100).max(600_000).default(5_000),
    'Time between two looks at the disks of all VMs: are they there, and are they the ones that were made',
    { example: '5000' },
  ),
  SIZE_CHECK_INTERVAL_MS: setting(
    z.coerce.number().int().min(100).max(3_600_000).default(12_000),
    'Time between two looks at how large all VMs are. Over 20000 a VM that somebody changed with virsh may not be shown as drifted within 30 s',
    { example: '12000' },
  ),
  EVENT_BUFFER_SIZE: setting(
    z.coerce.number().int().min(1).max(1_000_000).default(10_000),
    'Events of the host that wait while NATS is away; beyond it the oldest are dropped, which leaves a hole in their numbers',
    { example: '10000' },
  ),
} as const;

export type AgentConfig = ConfigOf<typeof configSchema>;

/** Where other hosts read images that this one has; undefined: it sends none. */
export const imageCopyUrlOf = ({ IMAGE_COPY_URL, UPLOAD_URL }: AgentConfig): string | undefined =>
  IMAGE_COPY_URL ?? UPLOAD_URL;

/** Injection token of AgentConfig. */
export const AGENT_CONFIG = Symbol('AGENT_CONFIG');
