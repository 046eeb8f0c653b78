// Threads, diagnostics, saved states and disks of a real QEMU.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { Domain } from '../src/domain.ts';
import { bareGuest, diskXml, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

suite('inside a domain of QEMU', () => {
  let lab: Lab;
  let sut: Domain;

  beforeAll(async () => {
    lab = await openLab();
    const raw = path.join(lab.state.diskDir, 'vdb.raw');
    writeFileSync(raw, Buffer.concat([Buffer.from('boot'), Buffer.alloc(65_532)]));
    const devices = [
      diskXml(lab.image('vda.qcow2')),
      diskXml(raw, 'vdb').replace("type='qcow2'", "type='raw'"),
      `<controller type='usb' model='qemu-xhci'/>`,
    ];
    sut = await lab.connection.domains.defineXml(bareGuest('inside', devices.join('')));
    await sut.create();
  }, 120_000);

  afterAll(() => lab.close(), 60_000);

  it('adds, pins, tunes and removes I/O threads, and pins the emulator', async () => {
    await sut.ioThreads.add(1);
    await sut.ioThreads.pin(1, [0]);
    expect(await sut.ioThreads.list()).toEqual([{ id: 1, cpus: [0] }]);
    await sut.ioThreads.tune(1, { poll_max_ns: 4096 });
    const [stats] = await lab.connection.domains.allStats(['ioThread']);
    expect(stats?.other).toMatchObject({ 'iothread.1.poll-max-ns': 4096 });
    await sut.ioThreads.remove(1);
    expect(await sut.ioThreads.list()).toEqual([]);
    await sut.tuning.pinEmulator([0]);
    expect(await sut.tuning.emulatorPin()).toEqual([0]);
  });

  it('says what it is and how it does', async () => {
    expect(await sut.osType()).toBe('hvm');
    expect(await sut.isUpdated()).toBe(false);
    expect(await sut.diagnostics.control()).toMatchObject({ state: 'ok', details: 'none' });
    expect(await sut.diagnostics.diskErrors()).toEqual([]);
    expect(await sut.diagnostics.securityLabels()).toEqual(expect.any(Array));
    await expect(sut.diagnostics.launchSecurity()).resolves.toEqual({});
    const info = await lab.connection.domains.list({ active: true });
    expect((await lab.connection.domains.lookupById(info[0]?.id ?? -1)).uuid).toBe(sut.uuid);
    await expect(lab.connection.domains.lookupById(4_000)).rejects.toMatchObject({ code: 'NO_DOMAIN', object: '4000' });
    expect(await lab.connection.domains.toNative('qemu-argv', await sut.xmlDesc({ inactive: true }))).toContain(
      '-name',
    );
    await expect(lab.connection.domains.fromNative('qemu-argv', 'x')).rejects.toMatchObject({ code: 'NO_SUPPORT' });
  });

  it('is talked to by its monitor, which taints it', async () => {
    const status = JSON.parse(await sut.diagnostics.monitorCommand('{"execute":"query-status"}')) as object;
    expect(status).toMatchObject({ return: { running: true } });
    expect(await sut.diagnostics.monitorCommand('info status', { human: true })).toContain('running');
    expect(await sut.diagnostics.messages()).toContainEqual(expect.stringContaining('custom monitor'));
  });

  it('shows its memory and its disk, and takes an interrupt', async () => {
    // The reset vector of the firmware: a far jump.
    const vector = await sut.diagnostics.peekMemory(0xfffffff0, 5, { physical: true });
    expect(vector[0]).toBe(0xea);
    await expect(sut.diagnostics.peekMemory(0, 1 << 20)).rejects.toMatchObject({ code: 'INVALID_ARG' });
    expect((await sut.disk('vdb').peek(0, 4)).toString()).toBe('boot');
    await expect(sut.disk('vda').peek(0, 512)).rejects.toMatchObject({ code: 'OPERATION_UNSUPPORTED' });
    await sut.diagnostics.injectNmi();
    await expect(sut.diagnostics.signalProcess(1, 15)).rejects.toMatchObject({ code: 'NO_SUPPORT' });
  });

  it('is dumped while it runs, and measured by how fast it changes its memory', async () => {
    const file = path.join(lab.state.diskDir, 'core');
    await sut.diagnostics.dumpCore(file, { live: true, memoryOnly: true });
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('ELF');
    await expect(sut.diagnostics.dumpCore(file, { format: 'nonsense' as 'raw' })).rejects.toMatchObject({
      code: 'INVALID_ARG',
    });
    await sut.diagnostics.startDirtyRate(1);
    await pollUntil(
      async () => {
        const [stats] = await lab.connection.domains.allStats(['dirtyRate']);
        return stats?.other['dirtyrate.calc_status'] === 2;
      },
      { what: 'the measurement' },
    );
  }, 60_000);

  it('takes what is done at its end, how often memory is told, and a threshold of its disk', async () => {
    await sut.setLifecycleAction('crash', 'preserve', { live: true, config: true });
    expect(await sut.xmlDesc()).toContain('<on_crash>preserve</on_crash>');
    await sut.setMemoryStatsPeriod(5, { config: true });
    await sut.disk('vda').setThreshold(1024 * 1024);
    await expect(sut.setLaunchSecurity({ 'sev-secret': 'x' })).rejects.toMatchObject({ name: 'LibvirtError' });
    await sut.migration.setLimit('speedMib', 100);
    expect(await sut.migration.limit('speedMib')).toBe(100);
    await expect(sut.migration.startPostcopy()).rejects.toMatchObject({ code: 'OPERATION_INVALID' });
  });

  it('loses a device by its alias, and tells when it is gone', async () => {
    const gone: (string | null)[] = [];
    lab.connection.on('deviceRemoved', ({ alias }) => gone.push(alias));
    await sut.attachDevice(
      `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${lab.image('usb.qcow2')}'/>
       <target dev='sdz' bus='usb'/></disk>`,
    );
    const alias = /<alias name='(usb-disk[^']*)'/.exec(await sut.xmlDesc())?.[1] ?? '';
    await sut.detachDeviceAlias(alias);
    await pollUntil(() => gone.includes(alias), { what: `${alias} to be gone` });
    expect(await sut.xmlDesc()).not.toContain(alias);
  });

  it('grows a chain of disks by snapshots, commits it and pulls it', async () => {
    const ready = async (): Promise<boolean> => {
      const job = await sut.disk('vda').job();
      return job !== null && job.end > 0 && job.current === job.end;
    };
    await sut.snapshots.create('<domainsnapshot><name>top</name></domainsnapshot>', {
      diskOnly: true,
      noMetadata: true,
    });
    expect(await sut.xmlDesc()).toContain('vda.top');
    await sut.disk('vda').commit({}, { active: true });
    await pollUntil(ready, { what: 'the commit to catch up' });
    await pollUntil(
      () =>
        sut
          .disk('vda')
          .abortJob({ pivot: true })
          .then(
            () => true,
            () => false,
          ),
      {
        what: 'the pivot',
      },
    );
    expect(await sut.xmlDesc()).not.toContain('vda.top');
    await sut.snapshots.create('<domainsnapshot><name>again</name></domainsnapshot>', {
      diskOnly: true,
      noMetadata: true,
    });
    await sut.disk('vda').pull();
    await pollUntil(async () => (await sut.disk('vda').job()) === null, { what: 'the end of the pull' });
    expect(await sut.xmlDesc()).toMatch(/vda\.again'[^>]*>\s*<backingStore\/>/);
  }, 60_000);

  it('is read and changed while it is saved', async () => {
    const file = path.join(lab.state.diskDir, 'saved');
    await sut.save(file);
    const xml = await lab.connection.domains.savedXml(file);
    await lab.connection.domains.setSavedXml(file, xml.replace('</name>', '</name><title>saved</title>'));
    await lab.connection.domains.restore(file);
    expect(await sut.xmlDesc()).toContain('<title>saved</title>');
    await sut.managedSave();
    const managed = await sut.managedSaveXml();
    await sut.setManagedSaveXml(managed.replace('<title>saved</title>', '<title>managed</title>'));
    await sut.create();
    expect(await sut.xmlDesc()).toContain('<title>managed</title>');
    expect(statSync(file).size).toBeGreaterThan(0);
  }, 60_000);

  it('is backed up by whoever connects (pull mode)', async () => {
    const socket = path.join(lab.state.runDir, 'nbd.sock');
    await sut.backup.begin(
      `<domainbackup mode='pull'><server transport='unix' socket='${socket}'/><disks>
       <disk name='vda' type='file'><scratch file='${path.join(lab.state.diskDir, 'scratch')}'/></disk></disks></domainbackup>`,
    );
    expect(await sut.backup.xmlDesc()).toContain(socket);
    await sut.abortJob();
    await pollUntil(async () => (await sut.jobStats()).kind === 'none', { what: 'the end of the backup' });
  }, 60_000);
});
