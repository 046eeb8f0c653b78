import { existsSync, rmSync, writeFileSync } from 'node:fs';

import { runCommand } from '../stack/command.ts';
import type { SetupStep, StepContext } from './step-runner.ts';

/**
 * What a host and the build need. Not here on purpose: libvirt-daemon-system and nats-server, which enable system services.
 * ipxe-qemu holds the boot code of virtio network cards, without which QEMU refuses such a card. ovmf is UEFI; swtpm and
 * swtpm-tools are a TPM and what fills a new one. isolinux and genisoimage make an ISO that boots, for the tests.
 */
const PACKAGES = [
  'libvirt-daemon',
  'libvirt-daemon-driver-qemu',
  'libvirt-clients',
  'libvirt-dev',
  'qemu-system-x86',
  'qemu-utils',
  'ipxe-qemu',
  'ovmf',
  'swtpm',
  'swtpm-tools',
  'nftables',
  'iptables',
  'ebtables',
  'dnsmasq-base',
  'dnsmasq-utils',
  'iproute2',
  'tini',
  'pkg-config',
  'clang',
  'libclang-dev',
  'build-essential',
  'busybox-static',
  'mtools',
  'syslinux',
  'syslinux-common',
  'isolinux',
  'genisoimage',
  'socat',
  'procps',
  'valgrind',
];

const POLICY_FILE = '/usr/sbin/policy-rc.d';

export function hasApt(): boolean {
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-query');
}

/** Those of the packages that dpkg doesn't report as installed. */
export async function missingPackages(): Promise<string[]> {
  const result = await runCommand('dpkg-query', ['-W', '-f=${binary:Package} ${db:Status-Status}\n', ...PACKAGES]);
  const installed = new Set(
    result.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(/[ :]/u)[0]),
  );
  return PACKAGES.filter((name) => !installed.has(name));
}

/** Package scripts ask this program before they start a service; 101 means "don't". Removed again afterwards. */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  const ours = !existsSync(POLICY_FILE) && process.getuid?.() === 0;
  if (ours) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(POLICY_FILE, { force: true });
  }
}

async function aptGet(context: StepContext, ...args: string[]): Promise<void> {
  const command = process.getuid?.() === 0 ? ['apt-get', ...args] : ['sudo', 'apt-get', ...args];
  const [program = 'apt-get', ...rest] = command;
  await context.run(program, rest, { environment: { DEBIAN_FRONTEND: 'noninteractive' } });
}

async function install(context: StepContext): Promise<void> {
  const missing = await missingPackages();
  context.note(missing.join(' '));
  const flags = ['install', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...missing];
  await withoutStartingServices(async () => {
    try {
      await aptGet(context, ...flags);
    } catch {
      context.note('the package lists may be old, updating them');
      await aptGet(context, 'update');
      await aptGet(context, ...flags);
    }
  });
}

export const debianPackagesStep: SetupStep = {
  name: 'Debian packages',
  reason: async () => {
    if (!hasApt()) return undefined;
    const missing = await missingPackages();
    return missing.length === 0 ? undefined : `${String(missing.length)} missing`;
  },
  perform: async (context) => {
    try {
      await install(context);
    } catch (error) {
      // Without QEMU the rest works on libvirt's test driver; what then really lacks is reported where it is needed.
      context.note(
        `could not install them, going on without: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  },
};

/** Downloads one package as apt would and unpacks it into a folder; nothing is installed. */
export async function unpackPackage(context: StepContext, name: string, folder: string): Promise<void> {
  const script = `set -e
rm -rf "$2" "$2.deb" && mkdir -p "$2" "$2.deb" && cd "$2.deb"
apt-get download "$1" || { apt-get update && apt-get download "$1"; }
dpkg-deb -x ./*.deb "$2"
rm -rf "$2.deb"`;
  await context.run('sh', ['-c', script, 'unpack', name, folder]);
}
