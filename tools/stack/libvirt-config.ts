import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface LibvirtFolders {
  /** Holds run, lib, etc, log, cache and those of swtpm, which take the places of /run/libvirt, /var/lib/libvirt and so on. */
  readonly stateDir: string;
  /** Real path that is the same inside and outside the daemon's mount namespace; at most 80 characters. */
  readonly socketDir: string;
  /** As whom QEMU runs, by name; root when left out. Others must be able to reach what it opens, and libvirt gives it its disks. */
  readonly qemuUser?: { readonly user: string; readonly group: string } | undefined;
}

/** Folders that libvirt's packages ship and that the bind mounts would hide. */
const SUBFOLDERS = [
  'run/qemu',
  'run/network',
  'lib/qemu/channel/target',
  'lib/qemu/save',
  'lib/qemu/dump',
  'lib/qemu/nvram',
  'lib/qemu/snapshot',
  'lib/qemu/checkpoint',
  'lib/images',
  'lib/boot',
  'lib/dnsmasq',
  'lib/network',
  'etc/qemu/networks',
  'etc/nwfilter',
  'etc/storage',
  'etc/secrets',
  'log/qemu',
  'cache/qemu',
  'swtpm-log',
  'swtpm-ca',
];

/** Mount points that exist only when the whole of libvirt's packages, and swtpm's, is installed. */
export const LIBVIRT_MOUNT_POINTS = [
  '/run/libvirt',
  '/var/lib/libvirt',
  '/etc/libvirt',
  '/var/log/libvirt',
  '/var/cache/libvirt',
  '/var/log/swtpm',
  '/var/lib/swtpm-localca',
];

/** The daemon's UUID must be its own and stay: it names the host in migration and in our host records. */
function persistentHostUuid(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const uuid = randomUUID();
  writeFileSync(file, `${uuid}\n`);
  return uuid;
}

function daemonConfig(folders: LibvirtFolders, hostUuid: string): string {
  return `# Written by tools/stack at every start.
unix_sock_dir = "${folders.socketDir}"
unix_sock_ro_perms = "0700"
unix_sock_rw_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "${hostUuid}"
max_clients = 200
max_workers = 40
min_workers = 8
prio_workers = 10
max_requests = 60
max_client_requests = 20
keepalive_interval = 5
keepalive_count = 3
log_outputs = "3:stderr"
`;
}

// dynamic_ownership 0 and root: the images lie below folders that only root can enter, and an unreadable /dev/kvm would make
// every define probe QEMU again for seconds. A guest is confined by the namespaces around the whole daemon instead.
// swtpm as root too, whatever user its package made: libvirt gives it no right that root would have beyond its own files, and
// the folders that it writes to are ours.
const qemuConfig = ({ qemuUser }: LibvirtFolders): string => `# Written by tools/stack at every start.
user = "${qemuUser?.user ?? 'root'}"
group = "${qemuUser?.group ?? 'root'}"
dynamic_ownership = ${qemuUser === undefined ? '0' : '1'}
remember_owner = 0
swtpm_user = "root"
swtpm_group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
max_core = 0
`;

/** Writes configuration and folders for a libvirtd of our own. Returns the host's UUID. */
export function prepareLibvirtFolders(folders: LibvirtFolders): string {
  for (const folder of SUBFOLDERS) mkdirSync(path.join(folders.stateDir, folder), { recursive: true });
  mkdirSync(folders.socketDir, { recursive: true, mode: 0o700 });
  const hostUuid = persistentHostUuid(path.join(folders.stateDir, 'host-uuid'));
  writeFileSync(path.join(folders.stateDir, 'etc/libvirtd.conf'), daemonConfig(folders, hostUuid));
  writeFileSync(path.join(folders.stateDir, 'etc/qemu.conf'), qemuConfig(folders));
  return hostUuid;
}
