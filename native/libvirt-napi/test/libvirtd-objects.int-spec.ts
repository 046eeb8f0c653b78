// Secrets, devices, ports, bindings and volumes of a real libvirtd.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { ConnectionEvent } from '../src/events.ts';
import { bareGuest, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

suite('objects of a real libvirtd', () => {
  let lab: Lab;
  const told: ConnectionEvent[] = [];

  beforeAll(async () => {
    lab = await openLab();
    lab.connection.on('secret', (event) => told.push(event));
    lab.connection.on('secretValue', (event) => told.push(event));
  }, 120_000);

  afterAll(() => lab.close(), 60_000);

  it('keeps secrets, tells of them, and never lists their values', async () => {
    const { secrets } = lab.connection;
    const uuid = 'c0ffee00-0000-4000-8000-000000000001';
    const secret = await secrets.defineXml(
      `<secret ephemeral='yes' private='no'><uuid>${uuid}</uuid><usage type='volume'><volume>/disk</volume></usage></secret>`,
      { validate: true },
    );
    expect(secret).toMatchObject({ uuid, usage: 'volume', usageId: '/disk' });
    await expect(secret.value()).rejects.toMatchObject({ code: 'NO_SECRET', object: uuid });
    const value = Buffer.from([0, 1, 2, 255, 0]);
    await secret.setValue(value);
    expect((await secret.value()).equals(value)).toBe(true);
    expect((await secrets.lookupByUsage('volume', '/disk')).uuid).toBe(uuid);
    expect((await secrets.lookupByUuid(uuid)).usageId).toBe('/disk');
    expect((await secrets.list()).map((each) => each.uuid)).toEqual([uuid]);
    expect(await secret.xmlDesc()).toContain(uuid);
    await secret.undefine();
    await expect(secrets.lookupByUuid(uuid)).rejects.toMatchObject({ code: 'NO_SECRET', object: uuid });
    await expect(secrets.lookupByUsage('volume', '/disk')).rejects.toMatchObject({ code: 'NO_SECRET' });
    await pollUntil(() => told.length === 3, { what: 'the events of the secret' });
    expect(told).toEqual([
      { kind: 'secret', uuid, event: 'defined', usage: 'volume', usageId: '/disk' },
      { kind: 'secretValue', uuid, usage: 'volume', usageId: '/disk' },
      { kind: 'secret', uuid, event: 'undefined', usage: 'volume', usageId: '/disk' },
    ]);
  });

  it('lists the devices of this very host', async () => {
    const devices = await lab.connection.nodeDevices.list();
    expect(devices.map(({ name }) => name)).toContain('computer');
    const net = await lab.connection.nodeDevices.list({ capabilities: ['net'] });
    expect(net.every(({ capabilities }) => capabilities.includes('net'))).toBe(true);
    const computer = await lab.connection.nodeDevices.lookupByName('computer');
    expect(await computer.state()).toEqual({ active: true, persistent: true });
    await expect(computer.reset()).rejects.toMatchObject({ name: 'LibvirtError' });
    expect((await lab.connection.interfaces.list()).map(({ name }) => name)).toContain('lo');
  });

  it('has a port for each interface of a guest in a network, and a binding for its filter', async () => {
    const { connection } = lab;
    const filter = await connection.nwFilters.defineXml(
      `<filter name='ported'><rule action='drop' direction='in' priority='500'><icmp/></rule></filter>`,
      { validate: true },
    );
    const network = await connection.networks.defineXml(
      `<network><name>ported</name><bridge name='ibported0'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>`,
      { validate: true },
    );
    await network.create();
    const guest = await connection.domains.defineXml(
      bareGuest(
        'ported',
        `<interface type='network'><mac address='52:54:00:00:00:99'/><source network='ported'/><model type='virtio'/><filterref filter='ported'/></interface>`,
      ),
    );
    await guest.create();
    const [port] = await network.ports();
    expect(await port?.xmlDesc()).toContain(guest.uuid);
    expect(await port?.bandwidth()).toEqual({});
    await port?.setBandwidth({ 'inbound.average': 1000 });
    expect(await port?.bandwidth()).toMatchObject({ 'inbound.average': 1000 });
    await expect(network.port(guest.uuid).xmlDesc()).rejects.toMatchObject({ code: 'NO_NETWORK_PORT' });

    const [binding] = await connection.nwFilters.bindings();
    const portDev = binding?.portDev ?? '';
    expect(await connection.nwFilters.binding(portDev)).toEqual({ portDev, filterName: 'ported' });
    // In the definition only: not every kernel has the queueing that a live limit takes.
    const mac = '52:54:00:00:00:99';
    await guest.tuning.setInterfaceBandwidth(mac, { 'inbound.average': 500 }, { config: true });
    expect(await guest.tuning.interfaceBandwidth(mac, { config: true })).toMatchObject({ 'inbound.average': 500 });
    const xml = await connection.nwFilters.bindingXml(portDev);
    await connection.nwFilters.deleteBinding(portDev);
    await expect(connection.nwFilters.binding(portDev)).rejects.toMatchObject({ code: 'NO_NWFILTER_BINDING' });
    expect(await connection.nwFilters.createBindingXml(xml, { validate: true })).toEqual({
      portDev,
      filterName: 'ported',
    });
    await guest.destroy();
    await guest.undefine();
    await network.destroy();
    await network.undefine();
    await filter.undefine();
  }, 60_000);

  it('clones and wipes volumes, and finds them without their pool', async () => {
    const { storagePools } = lab.connection;
    const folder = path.join(lab.state.diskDir, 'copies');
    mkdirSync(folder);
    const pool = await storagePools.createXml(
      `<pool type='dir'><name>copies</name><target><path>${folder}</path></target></pool>`,
    );
    expect((await storagePools.lookupByTargetPath(folder)).uuid).toBe(pool.uuid);
    expect(await storagePools.capabilities()).toContain("type='dir'");
    await expect(storagePools.findSources('dir')).rejects.toMatchObject({ code: 'NO_SUPPORT' });
    const xml = (name: string): string =>
      `<volume><name>${name}</name><capacity unit='B'>65536</capacity><target><format type='raw'/></target></volume>`;
    const original = await pool.createVolumeXml(xml('original'));
    const bytes = Buffer.alloc(65_536, 'x');
    await pipeline(Readable.from([bytes]), original.upload());
    const copy = await pool.cloneVolumeXml(xml('copy'), original);
    await original.wipe();
    expect((await buffer(original.download())).equals(Buffer.alloc(65_536))).toBe(true);
    expect((await buffer(copy.download())).equals(bytes)).toBe(true);
    expect((await storagePools.lookupVolumeByPath(path.join(folder, 'copy'))).poolUuid).toBe(pool.uuid);
    await expect(original.wipe({ algorithm: 'nonsense' as 'zero' })).rejects.toMatchObject({ code: 'INVALID_ARG' });
    for (const volume of [original, copy]) await volume.delete();
    await pool.destroy();
    const persistent = await storagePools.defineXml(
      `<pool type='dir'><name>deleted</name><target><path>${folder}</path></target></pool>`,
    );
    await persistent.delete();
    await persistent.undefine();
  }, 60_000);

  it('tells of the machine', async () => {
    const { host } = lab.connection;
    expect(await host.linkSecurity()).toEqual({ secure: true, encrypted: false });
    expect(await host.securityModel()).toHaveProperty('model');
    expect(await host.maxVcpus({ kind: 'qemu' })).toBeGreaterThan(1);
    expect(await host.freePages([4], { nodes: 1 })).toEqual([[expect.any(Number)]]);
    const cpu = /<mode name='host-model'[^>]*>(.*?)<\/mode>/s.exec(
      await lab.connection.domainCapabilities({ virtType: 'qemu' }),
    );
    const model = `<cpu mode='custom' match='exact'>${cpu?.[1] ?? ''}</cpu>`;
    expect(await host.compareHypervisorCpu(model, { virtType: 'qemu' })).toMatch(/identical|superset/);
    expect(await host.baselineHypervisorCpu([model], { virtType: 'qemu' })).toContain('<model');
    // A size that no host has: nothing is allocated.
    await expect(host.allocatePages([{ sizeKib: 3, count: 1 }])).rejects.toMatchObject({ name: 'LibvirtError' });
    await expect(host.sevInfo()).rejects.toMatchObject({ name: 'LibvirtError' });
    // No second of sleep: libvirt wants sixty at least, before it looks at what the host can.
    await expect(host.suspend('memory', 0)).rejects.toMatchObject({ name: 'LibvirtError' });
  });
});
