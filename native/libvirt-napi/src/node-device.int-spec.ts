import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Connection } from './connection.js';
import { NodeDevices } from './node-device.js';

const VPORT = `<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>
  <wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn></capability></capability></device>`;

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.open('test:///default');
});

afterAll(() => connection.close());

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
    // What the driver lacks is said so. One after the other: one that is refused before it is waited for is nobody's.
    for (const missing of [
      () => sut.lookupScsiHost('1', '2'),
      () => sut.defineXml(VPORT),
      () => made.state(),
      () => made.autostart(),
      () => made.reset(),
      () => made.detach(),
    ]) {
      await expect(missing()).rejects.toMatchObject({ name: 'LibvirtError' });
    }
  });
});
