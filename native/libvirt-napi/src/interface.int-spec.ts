import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import { HostInterfaces } from './interface.js';

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
