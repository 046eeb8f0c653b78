import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { toolchainDir } from '../stack/layout.ts';
import { guestImageDir } from './build.ts';
import { cpioArchive, fileMode, type CpioEntry } from './cpio.ts';
import { rootfsDir } from './initramfs.ts';

/** Where the setup unpacks Debian's package. */
export const qemuGuestAgentDir = path.join(toolchainDir, 'qemu-guest-agent');
export const qemuGuestAgentBinary = path.join(qemuGuestAgentDir, 'usr', 'sbin', 'qemu-ga');

/** What of a guest with QEMU's agent this machine lacks. */
export function missingForAgentGuest(): string[] {
  const needed = [qemuGuestAgentBinary, path.join(guestImageDir, 'initrd'), path.join(guestImageDir, 'vmlinuz')];
  return needed.filter((file) => !existsSync(file));
}

/** The libraries of a program and their loader, as this machine has them. */
function librariesOf(binary: string): CpioEntry[] {
  const told = execFileSync('ldd', [binary], { encoding: 'utf8' });
  const files = [...told.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, file]) => (file === undefined ? [] : [file]));
  return files.map((file) => ({ path: file.slice(1), mode: fileMode(0o755), content: readFileSync(file) }));
}

function script(target: string, text: string): CpioEntry {
  return { path: target, mode: fileMode(0o755), content: Buffer.from(text) };
}

/**
 * The initrd of our guest image with QEMU's agent in it, which answers on the channel `org.qemu.guest_agent.0`. Linux unpacks
 * one archive after the other, and a later file takes the place of an earlier one.
 */
export function initrdWithQemuAgent(): Buffer {
  const inittab = readFileSync(path.join(rootfsDir, 'etc', 'inittab'), 'utf8');
  const more = cpioArchive([
    { path: 'usr/sbin/qemu-ga', mode: fileMode(0o755), content: readFileSync(qemuGuestAgentBinary) },
    ...librariesOf(qemuGuestAgentBinary),
    script(
      'usr/sbin/qga',
      '#!/bin/sh\nmkdir -p /var/run\nexec /usr/sbin/qemu-ga -p /dev/virtio-ports/org.qemu.guest_agent.0 -t /run\n',
    ),
    // The agent calls it by this path.
    script('sbin/hwclock', '#!/bin/sh\nexec /bin/busybox hwclock "$@"\n'),
    // Debian's busybox has neither of these: what the agent calls, and whether it passed the right words, is what counts.
    script('usr/sbin/chpasswd', '#!/bin/sh\nIFS=: read -r user password\n[ "$user" = root ] && [ -n "$password" ]\n'),
    script('sbin/shutdown', '#!/bin/sh\ncase "$*" in *-P*) exec /bin/poweroff ;; esac\n'),
    { path: 'etc/shadow', mode: fileMode(0o600), content: Buffer.from('root:*:19000:0:99999:7:::\n') },
    {
      path: 'etc/inittab',
      mode: fileMode(0o644),
      content: Buffer.from(`${inittab}::respawn:/usr/sbin/qga\n`),
    },
  ]);
  return Buffer.concat([readFileSync(path.join(guestImageDir, 'initrd')), gzipSync(more)]);
}
