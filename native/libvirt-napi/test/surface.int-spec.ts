// What the test driver lacks, on a real QEMU without a guest system: its disks and memory are all that is needed.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil, patience } from '@infinibay/testing';
import { missingForLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { Connection } from '../src/connection.ts';
import type { Domain } from '../src/domain.ts';

const missing = missingForLibvirtd();
const suite = missing.length === 0 ? describe : describe.skip;

suite('a domain of a real QEMU', () => {
  const state = temporaryState();
  const uuid = randomUUID();
  const disk = path.join(state.diskDir, 'surface.qcow2');
  let daemon: Awaited<ReturnType<typeof startTestLibvirtd>>;
  let connection: Connection;
  let sut: Domain;

  beforeAll(async () => {
    daemon = await startTestLibvirtd(state);
    mkdirSync(state.diskDir, { recursive: true });
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '16M']);
    connection = await Connection.open(daemon.uri, { callTimeoutMs: patience(60_000) });
    sut = await connection.domains.defineXml(
      `<domain type='qemu'><name>surface</name><uuid>${uuid}</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
       <os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
       <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
       </devices></domain>`,
    );
    await sut.create();
  }, 120_000);

  afterAll(async () => {
    await connection.close();
    await daemon.stop({ guestTimeoutMs: 0 });
    state.remove();
  }, 60_000);

  it('takes a snapshot with memory and goes back to it', async () => {
    const snapshot = await sut.snapshots.create('<domainsnapshot><name>memory</name></domainsnapshot>');
    expect(await snapshot.record()).toMatchObject({ current: true, state: 'running' });
    await snapshot.revert();
    expect((await sut.state()).state).toBe('running');
    await snapshot.delete();
    expect(await sut.snapshots.list()).toEqual([]);
  }, 120_000);

  it('is backed up from checkpoint to checkpoint', async () => {
    const target = path.join(state.diskDir, 'backup.qcow2');
    await sut.backup.begin(
      `<domainbackup mode='push'><disks><disk name='vda' type='file'><target file='${target}'/><driver type='qcow2'/></disk></disks></domainbackup>`,
      { checkpointXml: '<domaincheckpoint><name>monday</name></domaincheckpoint>' },
    );
    await pollUntil(async () => (await sut.jobStats()).kind === 'none', { what: 'the end of the backup' });
    expect(await sut.jobStats({ completed: true })).toMatchObject({
      kind: 'completed',
      parameters: { disk_total: 16 * 1024 * 1024 },
    });
    expect((await sut.checkpoints.list()).map((checkpoint) => checkpoint.name)).toEqual(['monday']);
    await expect(sut.backup.xmlDesc()).rejects.toMatchObject({ code: 'NO_DOMAIN_BACKUP' });
    await expect(sut.abortJob()).rejects.toMatchObject({ code: 'OPERATION_INVALID' });
    await sut.checkpoints.delete('monday');
  }, 60_000);

  it('has a disk that is measured, resized, limited, copied and pivoted', async () => {
    const vda = sut.disk('vda');
    await vda.resize(32 * 1024 * 1024);
    expect((await vda.info()).capacityBytes).toBe(32 * 1024 * 1024);
    expect(await vda.stats()).toHaveProperty('rd_bytes');
    await vda.setIoTune({ total_iops_sec: 500 });
    expect(await vda.ioTune()).toMatchObject({ total_iops_sec: 500 });
    expect(await vda.job()).toBeNull();
    const copy = path.join(state.diskDir, 'copy.qcow2');
    const target = `<disk type='file'><source file='${copy}'/><driver type='qcow2'/></disk>`;
    await vda.copy(target, { bandwidth: 0 }, { transientJob: true });
    await pollUntil(
      async () => {
        const job = await vda.job();
        return job?.kind === 'copy' && job.end > 0 && job.current === job.end;
      },
      { what: 'the copy to catch up' },
    );
    await pollUntil(
      () =>
        vda.abortJob({ pivot: true }).then(
          () => true,
          () => false,
        ),
      { what: 'the pivot' },
    );
    expect(await sut.xmlDesc()).toContain(copy);
  }, 60_000);

  it('is pinned, sent keys, photographed and renamed', async () => {
    await sut.tuning.pinVcpu(0, [0]);
    expect(await sut.tuning.vcpuPins()).toEqual([[0]]);
    await sut.guest.sendKey([28]);
    await expect(sut.guest.agentCommand('{"execute":"guest-ping"}')).rejects.toMatchObject({
      name: 'LibvirtError',
    });
    expect(Object.keys(await sut.memoryStats())).toContain('actual_balloon');
    await sut.destroy();
    await sut.rename('surface-2');
    expect((await connection.domains.lookupByName('surface-2')).uuid).toBe(uuid);
    await sut.undefine({ checkpointsMetadata: true });
  }, 60_000);

  it('is on a host that tells its load, its memory and its CPU', async () => {
    expect(await connection.host.cpuStats()).toMatchObject({ user: expect.any(Number), idle: expect.any(Number) });
    expect((await connection.host.memoryStats())['total']).toBeGreaterThan(0);
    const cpu = /<cpu>.*?<\/cpu>/s.exec(await connection.capabilities())?.[0] ?? '';
    expect(await connection.host.compareCpu(cpu)).toBe('identical');
    expect(await connection.host.baselineCpu([cpu])).toContain('<model');
  });

  it('has volumes that are written and read as streams', async () => {
    const folder = path.join(state.diskDir, 'pool');
    const pool = await connection.storagePools.defineXml(
      `<pool type='dir'><name>streams</name><target><path>${folder}</path></target></pool>`,
    );
    await pool.create({ build: true });
    const volume = await pool.createVolumeXml(
      `<volume><name>data.img</name><capacity unit='B'>5000000</capacity><target><format type='raw'/></target></volume>`,
    );
    const bytes = randomBytes(5_000_000);
    await pipeline(Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]), volume.upload());
    expect((await buffer(volume.download())).equals(bytes)).toBe(true);
    const part = await buffer(volume.download({ offset: 4_000_000, length: 2_000_000 }));
    expect(part.equals(bytes.subarray(4_000_000))).toBe(true);
    const unread = volume.download();
    await once(unread, 'readable');
    unread.destroy();
    await volume.delete();
    await expect(buffer(volume.download())).rejects.toMatchObject({ code: 'NO_STORAGE_VOL' });
    await pool.destroy();
    await pool.undefine();
  }, 60_000);
});
