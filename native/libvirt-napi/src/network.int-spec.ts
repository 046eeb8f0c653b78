import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Connection } from './connection.js';
import { Network } from './network.js';

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

  it('brings a transient network up, which is gone when it is down', async () => {
    const network = await connection.networks.createXml(
      `<network><name>passing</name><bridge name='virbr99'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>`,
    );
    expect(await network.isPersistent()).toBe(false);
    await network.destroy();
    await expect(network.record()).rejects.toMatchObject({ code: 'NO_NETWORK' });
  });
});
