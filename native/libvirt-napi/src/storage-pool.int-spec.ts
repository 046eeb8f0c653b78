import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import { StoragePool, StoragePools } from './storage-pool.js';

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
});

afterAll(() => connection.close());

describe(StoragePool.name, () => {
  it('holds volumes that are made, measured, resized and deleted', async () => {
    const pool = await connection.storagePools.defineXml(
      `<pool type='dir'><name>disks</name><target><path>/disks</path></target></pool>`,
    );
    await pool.build();
    await pool.create();
    await pool.refresh();
    const volume = await pool.createVolumeXml(`<volume><name>a.img</name><capacity unit='MiB'>64</capacity></volume>`);
    expect(volume.path).toBe('/disks/a.img');
    expect(await volume.info()).toMatchObject({ kind: 'file', capacityBytes: 64 * 1024 * 1024 });
    expect((await pool.listVolumes()).map((listed) => listed.name)).toEqual(['a.img']);
    expect((await pool.lookupVolume('a.img')).key).toBe(volume.key);
    expect((await pool.info()).state).toBe('running');
    await expect(volume.resize(-1)).rejects.toMatchObject({ code: 'INVALID_ARG' });
    await volume.delete();
    await expect(pool.lookupVolume('a.img')).rejects.toMatchObject({ code: 'NO_STORAGE_VOL', object: 'a.img' });
    await pool.destroy();
    await pool.undefine();
    await expect(connection.storagePools.lookupByName('disks')).rejects.toMatchObject({ code: 'NO_STORAGE_POOL' });
  });
});

describe(StoragePools.name, () => {
  it('brings a transient pool up, which is gone when it is down', async () => {
    const sut = connection.storagePools;
    const pool = await sut.createXml(
      `<pool type='dir'><name>passing</name><target><path>/passing</path></target></pool>`,
    );
    expect((await sut.lookupByUuid(pool.uuid)).name).toBe('passing');
    await pool.destroy();
    await expect(sut.lookupByUuid(pool.uuid)).rejects.toMatchObject({ code: 'NO_STORAGE_POOL', object: pool.uuid });
  });

  it('copies a volume within the pool and finds both by path and key', async () => {
    const pool = await connection.storagePools.lookupByName('default-pool');
    const original = await pool.createVolumeXml(`<volume><name>first</name><capacity>1000</capacity></volume>`);
    const copy = await pool.cloneVolumeXml(`<volume><name>second</name><capacity>1000</capacity></volume>`, original);
    expect(await connection.storagePools.lookupVolumeByPath(copy.path)).toMatchObject({
      name: 'second',
      poolUuid: pool.uuid,
    });
    expect((await connection.storagePools.lookupVolumeByKey(original.key)).name).toBe('first');
    for (const volume of [original, copy]) await volume.delete();
    await expect(connection.storagePools.lookupVolumeByPath(copy.path)).rejects.toMatchObject({
      code: 'NO_STORAGE_VOL',
    });
  });
});
