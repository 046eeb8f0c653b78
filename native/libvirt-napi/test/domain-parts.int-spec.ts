import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from '../src/connection.ts';
import { Disk } from '../src/domain-disk.ts';
import { Domain } from '../src/domain.ts';
import { Guest } from '../src/domain-guest.ts';
import { Tuning } from '../src/domain-tuning.ts';

let connection: Connection;
let domain: Domain;
const uuid = randomUUID();
const folder = mkdtempSync(path.join(tmpdir(), 'libvirt-'));

const xmlOf = (name: string, id: string): string =>
  `<domain type='test'><name>${name}</name><uuid>${id}</uuid><memory unit='KiB'>65536</memory><vcpu>2</vcpu>
   <os><type>hvm</type></os><devices><disk type='file'><source file='/a.qcow2'/><target dev='vda'/></disk><memballoon model='virtio'/></devices></domain>`;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
  domain = await connection.domains.defineXml(xmlOf(`vm-${uuid}`, uuid));
  await domain.create();
});

afterAll(async () => {
  await connection.close();
  rmSync(folder, { recursive: true });
});

describe(Domain.name, () => {
  it('saves its memory where libvirt chooses, and starts from there', async () => {
    expect(await domain.hasManagedSave()).toBe(false);
    await domain.managedSave();
    expect(await domain.hasManagedSave()).toBe(true);
    expect((await domain.state()).state).toBe('shutoff');
    await domain.removeManagedSave();
    expect(await domain.hasManagedSave()).toBe(false);
    await domain.create();
  });

  it('saves its memory into a file, and is restored from it', async () => {
    const file = path.join(folder, 'memory');
    await domain.save(file);
    expect((await domain.state()).state).toBe('shutoff');
    await connection.domains.restore(file);
    expect((await domain.state()).state).toBe('running');
    await expect(connection.domains.restore(path.join(folder, 'none'))).rejects.toMatchObject({
      name: 'LibvirtError',
    });
  });

  it('can be transient: its definition ends with it', async () => {
    const id = randomUUID();
    const transient = await connection.domains.createXml(xmlOf(`t-${id}`, id));
    expect((await transient.state()).state).toBe('running');
    await transient.destroy();
    await expect(transient.state()).rejects.toMatchObject({ code: 'NO_DOMAIN' });
  });

  it('tells how much it may have', async () => {
    expect(await domain.vcpus({ maximum: true, config: true })).toBe(2);
    expect(await domain.maxMemory()).toBe(65_536);
    expect(Object.keys(await domain.memoryStats())).toContain('actual_balloon');
  });
});

describe(Tuning.name, () => {
  it('pins virtual CPUs to CPUs of the host', async () => {
    await domain.tuning.pinVcpu(1, [0]);
    expect((await domain.tuning.vcpuPins())[1]).toEqual([0]);
    await expect(domain.tuning.pinVcpu(1, [])).rejects.toMatchObject({ code: 'INVALID_ARG' });
  });

  it('keeps limits, and refuses names and values that libvirt does not have', async () => {
    await domain.tuning.set('memory', { hard_limit: 131_072 });
    expect(await domain.tuning.get('memory')).toMatchObject({ hard_limit: 131_072 });
    expect(await domain.tuning.get('scheduler')).toEqual({ weight: expect.any(Number) });
    await expect(domain.tuning.set('memory', { hard_limit: -1 })).rejects.toMatchObject({ code: 'INVALID_ARG' });
    const wrong = { nothing: 1, hard_limit: 1 };
    await expect(domain.tuning.set('memory', wrong)).rejects.toMatchObject({ code: 'INVALID_ARG' });
  });
});

describe(Disk.name, () => {
  it('has throughput limits', async () => {
    const disk = domain.disk('vda');
    await disk.setIoTune({ total_bytes_sec: 1_000_000, total_bytes_sec_max: 2_000_000 }, { live: true });
    expect(await disk.ioTune({ live: true })).toMatchObject({ total_bytes_sec: 1_000_000 });
    await expect(domain.disk('vdz').ioTune()).rejects.toMatchObject({ name: 'LibvirtError', object: uuid });
  });
});

describe(Guest.name, () => {
  it('takes keys and freezes, and says what the driver lacks', async () => {
    await expect(domain.guest.info()).rejects.toMatchObject({ code: 'NO_SUPPORT' });
    await domain.guest.sendKey([28]);
    await expect(domain.guest.sendKey([])).rejects.toMatchObject({ code: 'INVALID_ARG' });
    const frozen = await domain.guest.freezeFileSystems();
    expect(await domain.guest.thawFileSystems()).toBe(frozen);
  });

  it('gives a picture of its screen', async () => {
    const picture = await domain.guest.screenshot();
    expect(picture.mimeType).toBe('image/png');
    expect(picture.data.subarray(1, 4).toString()).toBe('PNG');
  });
});
