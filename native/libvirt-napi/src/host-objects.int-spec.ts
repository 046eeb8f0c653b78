// Interfaces, devices and what has no definition, on the test driver.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Connection } from './connection.js';
import { HostInterfaces } from './host-interface.js';
import { NodeDevices } from './node-device.js';
import { StoragePools } from './storage.js';

const VPORT = `<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>
  <wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn></capability></capability></device>`;

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
});

afterAll(() => connection.close());

describe(HostInterfaces.name, () => {
  it('defines, starts, reads, stops and removes one', async () => {
    const sut = connection.interfaces;
    const made = await sut.defineXml(
      `<interface type='ethernet' name='eth9'><start mode='none'/><mac address='02:00:00:00:00:09'/></interface>`,
      { validate: true },
    );
    expect(made).toMatchObject({ name: 'eth9', mac: '02:00:00:00:00:09', active: false });
    await made.create();
    expect((await sut.list()).find(({ name }) => name === 'eth9')?.active).toBe(true);
    expect((await sut.lookupByMac('02:00:00:00:00:09')).name).toBe('eth9');
    expect(await made.xmlDesc()).toContain('eth9');
    await made.destroy();
    await made.undefine();
    await expect(sut.lookupByName('eth9')).rejects.toMatchObject({ code: 'NO_INTERFACE', object: 'eth9' });
  });

  it('takes changes back', async () => {
    const sut = connection.interfaces;
    await sut.beginChanges();
    await sut.defineXml(`<interface type='ethernet' name='eth8'><start mode='none'/></interface>`);
    await sut.rollbackChanges();
    await expect(sut.lookupByName('eth8')).rejects.toMatchObject({ code: 'NO_INTERFACE' });
    await expect(sut.commitChanges()).rejects.toMatchObject({ code: 'OPERATION_INVALID' });
  });
});

describe(NodeDevices.name, () => {
  it('lists them by capability and finds one', async () => {
    const sut = connection.nodeDevices;
    const computer = await sut.lookupByName('computer');
    expect(computer).toMatchObject({ parent: null, capabilities: ['system'] });
    expect(await computer.xmlDesc()).toContain('<name>computer</name>');
    expect((await sut.list({ capabilities: ['scsi_host'] })).map(({ name }) => name)).toContain('scsi_host1');
    await expect(sut.lookupByName('nothing')).rejects.toMatchObject({ code: 'NO_NODE_DEVICE', object: 'nothing' });
    const nonsense = { capabilities: ['nonsense' as 'pci'] };
    await expect(sut.list(nonsense)).rejects.toMatchObject({ code: 'INVALID_ARG' });
  });

  it('makes a virtual SCSI host, ends it, and tells of both', async () => {
    const sut = connection.nodeDevices;
    const told: string[] = [];
    connection.on('nodeDevice', ({ name, event }) => told.push(`${name} ${event}`));
    const made = await sut.createXml(VPORT);
    expect((await sut.lookupByName(made.name)).parent).toBe('scsi_host1');
    await made.destroy();
    await pollUntil(() => told.length === 2, { what: 'both events' });
    expect(told).toEqual([`${made.name} created`, `${made.name} deleted`]);
    // What the driver lacks is said so.
    for (const missing of [
      sut.lookupScsiHost('1', '2'),
      sut.defineXml(VPORT),
      made.state(),
      made.autostart(),
      made.reset(),
      made.detach(),
    ]) {
      await expect(missing).rejects.toMatchObject({ name: 'LibvirtError' });
    }
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

it('brings a transient network up, which is gone when it is down', async () => {
  const network = await connection.networks.createXml(
    `<network><name>passing</name><bridge name='virbr99'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>`,
  );
  expect(await network.isPersistent()).toBe(false);
  await network.destroy();
  await expect(network.record()).rejects.toMatchObject({ code: 'NO_NETWORK' });
});

it('tells of the host what the driver knows', async () => {
  expect(await connection.host.maxVcpus()).toBeGreaterThan(0);
  expect(await connection.host.linkSecurity()).toEqual({ secure: true, encrypted: false });
  expect(await connection.host.systemInfo()).toContain('<sysinfo');
  await expect(connection.host.sevInfo()).rejects.toMatchObject({ code: 'NO_SUPPORT' });
});
