import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CREATE_NETWORK } from '../demo/queries.ts';
import type { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import { ImageUpload, imageReady } from '../e2e/image-upload.ts';
import { codeOf } from '../e2e/probes.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { Guest, type SshKey } from './guest.ts';

export interface Scene {
  readonly system: RunningSystem;
  readonly department: DepartmentUnderTest;
  readonly key: SshKey;
  readonly content: Buffer;
}

export interface Step {
  readonly name: string;
  /** Resolves when it holds, and says why not otherwise. */
  readonly run: () => Promise<void>;
}

const CONVERT =
  'mutation ($input: ImageOfVmInput!) { convertVmToTemplate(input: $input) { image { id } template { id } } }';
const WAITING = 'query ($id: ID!) { vm(id: $id) { pendingRestart { path } } }';
const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';
const MEMORY_MIB = "awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo";
const DISKS = 'lsblk -bdno NAME,SIZE | sort';
const CARDS = 'ls /sys/class/net | grep -vc "^lo$"';
const GIB = 1_073_741_824;

const same = (found: unknown, meant: unknown): void => {
  if (JSON.stringify(found) !== JSON.stringify(meant))
    throw new Error(`${JSON.stringify(found)} in the place of ${JSON.stringify(meant)}`);
};

/** What people do to a VM, and what is seen of it inside a guest that knows nothing of us. */
export class Life {
  private readonly scene: Scene;
  private imageId = '';
  private first: Guest | undefined;
  private volumeId = '';
  private templateId = '';

  constructor(scene: Scene) {
    this.scene = scene;
  }

  get steps(): readonly Step[] {
    return [
      { name: 'an image that is sent', run: () => this.image() },
      { name: 'cloud-init: user, key, host name, a file, the whole disk', run: () => this.cloudInit() },
      { name: 'a snapshot brings back memory and files', run: () => this.snapshot() },
      { name: 'saved memory goes on', run: () => this.save() },
      { name: 'more processors and memory while it runs', run: () => this.resize() },
      { name: 'a volume comes, grows, goes, and comes back', run: () => this.volume() },
      { name: 'a card in a second network comes and goes', run: () => this.card() },
      { name: 'a restart', run: () => this.reboot() },
      { name: 'a disc in the drive, beside what cloud-init reads', run: () => this.disc() },
      { name: 'the guest powers off when it is asked', run: () => this.shutdown() },
      { name: 'a template, and a VM of it with a name and keys of its own', run: () => this.template() },
      { name: 'UEFI from the same disk', run: () => this.uefi() },
    ];
  }

  private get guest(): Guest {
    if (this.first === undefined) throw new Error('no guest came up');
    return this.first;
  }

  private ended(mutation: string, type?: string, said: object = {}): Promise<unknown> {
    return this.scene.department.ended(this.guest.vmId, mutation, type, said);
  }

  private async image(): Promise<void> {
    const { department, content } = this.scene;
    const upload = await ImageUpload.create(department, content, { name: 'Distribution', format: 'QCOW2' });
    await upload.send();
    await imageReady(department, upload.imageId);
    this.imageId = upload.imageId;
  }

  private async cloudInit(): Promise<void> {
    const { system, department, key } = this.scene;
    const userData = '#cloud-config\nwrite_files:\n- path: /etc/said\n  content: by user data\n';
    const sizes = { diskGib: 3, vcpus: 1, maxVcpus: 2, memoryMib: 512, maxMemoryMib: 1_024 };
    const said = { name: 'first', imageId: this.imageId, hostname: 'first-host', userData, ...sizes };
    this.first = await Guest.create(system, department, key, said);
    same(await this.guest.run('cloud-init status --wait | tail -n 1'), 'status: done');
    same(await this.guest.run('hostname; cat /etc/said; echo; sudo -n id -un'), 'first-host\nby user data\nroot');
    const bytes = Number(await this.guest.run('df --output=size -B1 / | tail -n 1'));
    if (bytes < 2.5 * GIB) throw new Error(`its file system has ${String(bytes)} bytes`);
  }

  private async snapshot(): Promise<void> {
    const { department } = this.scene;
    const { guest } = this;
    await guest.run('echo before > ~/state; sync');
    const boot = await guest.run(BOOT_ID);
    const { snapshots } = await department.snapshot('createVmSnapshot', guest.vmId, { name: 'one' });
    const snapshotId = snapshots[0]?.id;
    await guest.run('echo after > ~/state; sync; touch ~/later');
    await department.snapshot('revertVmToSnapshot', guest.vmId, { snapshotId });
    same(await guest.run(`cat ~/state; ls ~/later 2> /dev/null; ${BOOT_ID}`), `before\n${boot}`);
    await department.snapshot('deleteVmSnapshot', guest.vmId, { snapshotId });
  }

  private async save(): Promise<void> {
    const boot = await this.guest.run(BOOT_ID);
    await this.ended('saveVm');
    same((await this.scene.system.virsh('domstate', this.guest.vmId)).trim(), 'shut off');
    await this.ended('startVm');
    same(await this.guest.run(BOOT_ID), boot);
  }

  private async resize(): Promise<void> {
    await this.ended('resizeVm', 'ResizeVmInput', { vcpus: 2, memoryMib: 1_024 });
    await this.guest.until(MEMORY_MIB, (text) => Number(text) > 800);
    // A guest without a rule for it leaves a processor that was plugged in offline.
    await this.guest.run('for cpu in /sys/devices/system/cpu/cpu*/online; do echo 1 | sudo tee $cpu > /dev/null; done');
    same(await this.guest.run('nproc'), '2');
  }

  private async volume(): Promise<void> {
    const { department } = this.scene;
    const { guest } = this;
    const has = (gib: number): Promise<void> =>
      guest.until(DISKS, (text) => /^vdb +(\d+)$/mu.exec(text)?.[1] === String(gib * GIB));
    this.volumeId = await department.createVolume('data', guest.vmId);
    await department.moveVolume('attachVolume', guest.vmId, this.volumeId, 'ATTACHED');
    await has(1);
    await guest.run('sudo mkfs.ext4 -q /dev/vdb && sudo mount /dev/vdb /mnt && echo kept | sudo tee /mnt/file');
    await department.resizeVolume(this.volumeId, 2);
    await has(2);
    same(await guest.run('sudo resize2fs /dev/vdb > /dev/null 2>&1; sudo umount /mnt; echo $?'), '0');
    await department.moveVolume('detachVolume', guest.vmId, this.volumeId, null);
    await guest.until(DISKS, (text) => !text.includes('vdb'));
    await department.moveVolume('attachVolume', guest.vmId, this.volumeId, 'ATTACHED');
    await has(2);
    same(await guest.run('sudo mount /dev/vdb /mnt && cat /mnt/file; sudo umount /mnt'), 'kept');
    await department.moveVolume('detachVolume', guest.vmId, this.volumeId, null);
    await department.deleteVolume(this.volumeId);
  }

  private async card(): Promise<void> {
    const { department } = this.scene;
    const input = { idempotencyKey: randomUUID(), departmentId: department.id, name: 'second' };
    const { createNetwork } = await department.member.ask<{ createNetwork: { id: string } }>(CREATE_NETWORK, { input });
    same(await this.guest.run(CARDS), '1');
    await this.ended('addVmPort', 'AddVmPortInput', { networkId: createNetwork.id });
    await this.guest.until(CARDS, (text) => text === '2');
    const portId = (await this.guest.ports())[1]?.id;
    await this.ended('removeVmPort', 'RemoveVmPortInput', { portId });
    await this.guest.until(CARDS, (text) => text === '1');
  }

  private async reboot(): Promise<void> {
    const boot = await this.guest.run(BOOT_ID);
    await this.ended('rebootVm');
    await this.guest.until(BOOT_ID, (text) => text !== boot);
    same(await this.guest.run('cat ~/state'), 'before');
  }

  private async disc(): Promise<void> {
    const { department } = this.scene;
    const { guest } = this;
    const upload = await ImageUpload.create(department, discWith('on the disc'), { name: 'Disc', format: 'ISO' });
    await upload.send();
    await imageReady(department, upload.imageId);
    const insert = (imageId: string | null) => this.ended('setVmCdrom', 'SetVmCdromInput', { imageId });
    await insert(upload.imageId);
    // A guest that was started without a disc has no drive for one.
    const { vm } = await department.member.ask<{ vm: { pendingRestart: { path: string }[] } }>(WAITING, {
      id: guest.vmId,
    });
    same(
      vm.pendingRestart.some(({ path: waits }) => waits === 'cdrom'),
      true,
    );
    await this.ended('forceOffVm');
    await this.ended('startVm');
    const disc = '/dev/disk/by-label/INFINIBAY_DISC';
    const read = `sudo mount -r ${disc} /mnt && cat /mnt/file; sudo umount /mnt`;
    same(await guest.run(read), 'on the disc');
    // What the seed says did not change, wherever its drive is now.
    same(await guest.run('cloud-init status --wait | tail -n 1; hostname'), 'status: done\nfirst-host');
    await guest.run(`sudo eject ${disc}`);
    await insert(upload.imageId);
    await guest.until(`test -e ${disc}; echo $?`, (text) => text === '0');
    same(await guest.run(read), 'on the disc');
    await insert(null);
    await guest.until(`sudo blkid -p ${disc}; echo $?`, (text) => text.endsWith('2'));
    const remove = 'mutation ($input: ImageActionInput!) { deleteImage(input: $input) { image { id } } }';
    same(
      await codeOf(department.member.ask(remove, { input: { idempotencyKey: randomUUID(), imageId: upload.imageId } })),
      'no error',
    );
  }

  private async shutdown(): Promise<void> {
    await this.ended('shutdownVm');
    same((await this.scene.system.virsh('domstate', this.guest.vmId)).trim(), 'shut off');
  }

  private async template(): Promise<void> {
    const { system, department, key } = this.scene;
    const keys = "sudo ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2";
    const input = { idempotencyKey: randomUUID(), vmId: this.guest.vmId, name: 'Golden' };
    const { convertVmToTemplate: made } = await department.member.ask<{
      convertVmToTemplate: { image: { id: string }; template: { id: string } };
    }>(CONVERT, { input });
    await imageReady(department, made.image.id);
    this.templateId = made.template.id;
    const said = { name: 'second', imageId: undefined, templateId: this.templateId };
    const second = await Guest.create(system, department, key, said);
    same(
      await second.run('cloud-init status --wait | tail -n 1; hostname; cat ~/state'),
      'status: done\nsecond\nbefore',
    );
    const own = await second.run(keys);
    await department.deleteVm(second.vmId);
    await this.ended('startVm');
    if ((await this.guest.run(keys)) === own) throw new Error('both have the same host key');
    await department.deleteVm(this.guest.vmId);
  }

  private async uefi(): Promise<void> {
    const { system, department, key } = this.scene;
    const hardware = { firmware: 'UEFI', machine: 'Q35' };
    const said = { name: 'third', imageId: this.imageId, hardware, diskGib: 3, memoryMib: 1_024 };
    const third = await Guest.create(system, department, key, said);
    same(
      await third.run('cloud-init status --wait | tail -n 1; ls -d /sys/firmware/efi'),
      'status: done\n/sys/firmware/efi',
    );
    await department.deleteVm(third.vmId);
  }
}

const discWith = (text: string): Buffer => {
  const work = mkdtempSync(path.join(tmpdir(), 'infinibay-disc-'));
  try {
    writeFileSync(path.join(work, 'file'), text);
    const iso = path.join(work, 'disc.iso');
    execFileSync('genisoimage', ['-quiet', '-V', 'INFINIBAY_DISC', '-R', '-o', iso, path.join(work, 'file')]);
    return readFileSync(iso);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
