import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { patience } from '@infinibay/testing';
import { missingForLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState, type TemporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { Connection, type OpenOptions } from '../src/connection.ts';

/** Whether this machine can run {@link openLab}. */
export const hasQemu = missingForLibvirtd().length === 0;

/** A libvirtd of a test's own, and a connection to it. */
export interface Lab {
  readonly state: TemporaryState;
  readonly uri: string;
  readonly connection: Connection;
  /** Makes an image for a disk and gives its path. @param size as qemu-img takes it */
  readonly image: (name: string, size?: string) => string;
  /** Ends the guests, the daemon and what they left. */
  readonly close: () => Promise<void>;
}

export async function openLab(options: OpenOptions = {}): Promise<Lab> {
  const state = temporaryState();
  const daemon = await startTestLibvirtd(state);
  mkdirSync(state.diskDir, { recursive: true });
  const connection = await Connection.open(daemon.uri, { callTimeoutMs: patience(60_000), ...options });
  return {
    state,
    uri: daemon.uri,
    connection,
    image: (name, size = '16M') => {
      const file = path.join(state.diskDir, name);
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, size]);
      return file;
    },
    close: async () => {
      await connection.close();
      await daemon.stop({ guestTimeoutMs: 0 });
      state.remove();
    },
  };
}

/** A guest without a system: firmware, memory and the given devices. */
export function bareGuest(name: string, devices = '', elements = ''): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>${elements}<devices>${devices}</devices></domain>`;
}

/** A virtio disk. */
export const diskXml = (file: string, target = 'vda'): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${file}'/><target dev='${target}' bus='virtio'/></disk>`;

/** A disk at this path whose boot sector is 16-bit code: a guest that does something without a system. */
export function bootDisk(file: string, code: Buffer): string {
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.set([0x55, 0xaa], 510);
  writeFileSync(file, sector);
  return `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${file}'/><target dev='hda' bus='ide'/></disk>`;
}
