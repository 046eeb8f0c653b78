import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Connection } from './connection.js';
import { Network } from './network.js';
import { StoragePool } from './storage.js';

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
});

afterAll(() => connection.close());

describe(Network.name, () => {
  it('is defined, started, changed, stopped and removed, and events tell of it', async () => {
    const seen: string[] = [];
    connection.on('network', (event) => {
      if (event.name === 'blue') seen.push(event.event);
    });
    const network = await connection.networks.defineXml(
      `<network><name>blue</name><bridge name='virbr-blue'/><ip address='10.9.0.1' netmask='255.255.255.0'>
       <dhcp><range start='10.9.0.10' end='10.9.0.99'/></dhcp></ip></network>`,
    );
    expect(await network.isActive()).toBe(false);
    await network.create();
    await network.setAutostart(true);
    expect(await network.record()).toMatchObject({
      active: true,
      persistent: true,
      autostart: true,
      bridge: 'virbr-blue',
    });
    await network.update({
      command: 'add-last',
      section: 'ip-dhcp-host',
      xml: `<host mac='52:54:00:00:00:01' ip='10.9.0.10'/>`,
      live: true,
      config: true,
    });
    expect(await network.xmlDesc()).toContain('52:54:00:00:00:01');
    expect(await network.bridgeName()).toBe('virbr-blue');
    expect((await connection.networks.lookupByName('blue')).uuid).toBe(network.uuid);
    await network.destroy();
    await network.undefine();
    await expect(connection.networks.lookupByName('blue')).rejects.toMatchObject({ code: 'NO_NETWORK' });
    await pollUntil(() => seen.length >= 4, { what: 'the last event' });
    expect(seen).toEqual(['defined', 'started', 'stopped', 'undefined']);
  });

  it('has the leases that the driver makes up', async () => {
    const network = await connection.networks.lookupByName('default');
    const leases = await network.dhcpLeases().catch((error: unknown) => error);
    expect(Array.isArray(leases) || (leases as Error).name === 'LibvirtError').toBe(true);
  });
});

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
