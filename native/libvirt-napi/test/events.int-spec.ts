// Events of a real QEMU, of pools and of secrets: each is caused by a call or by the guest's firmware.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { Domain } from '../src/domain.ts';
import type { ConnectionEvent } from '../src/events.ts';
import { bareGuest, diskXml, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

suite('events of QEMU', () => {
  let lab: Lab;
  let sut: Domain;
  const told: ConnectionEvent[] = [];

  /** Waits for an event with these fields, which may have come already. */
  const expectEvent = async (wanted: Partial<ConnectionEvent> & Record<string, unknown>): Promise<void> => {
    const matches = (event: ConnectionEvent): boolean => {
      const fields = new Map<string, unknown>(Object.entries(event));
      return Object.entries(wanted).every(([key, value]) => fields.get(key) === value);
    };
    await pollUntil(() => told.some(matches), { what: `${JSON.stringify(wanted)} among ${JSON.stringify(told)}` });
  };

  beforeAll(async () => {
    lab = await openLab();
    const stream = lab.connection.events({ bufferSize: 10_000 });
    void (async () => {
      for await (const event of stream) if (event.kind !== 'overflow') told.push(event);
    })();
    sut = await lab.connection.domains.defineXml(bareGuest('evented', diskXml(lab.image('vda.qcow2'))));
    await sut.create();
  }, 120_000);

  afterAll(() => lab.close(), 60_000);

  it('tells of a reboot', async () => {
    await sut.reset();
    await expectEvent({ kind: 'reboot', uuid: sut.uuid, name: 'evented' });
  });

  it('tells of limits and pins that change, with their values', async () => {
    await sut.tuning.pinVcpu(0, [0]);
    await pollUntil(() => told.some((event) => event.kind === 'tunable'), { what: 'the pin' });
    expect(told.find((event) => event.kind === 'tunable')).toMatchObject({
      uuid: sut.uuid,
      parameters: { 'cputune.vcpupin0': '0' },
    });
  });

  it('tells of metadata and of jobs on the whole guest', async () => {
    await sut.setMetadata({ namespace: 'https://example.com/app', prefix: 'app' }, '<app>x</app>');
    await expectEvent({ kind: 'metadataChange', type: 'element', namespace: 'https://example.com/app' });
    const file = `${lab.state.diskDir}/saved`;
    await sut.save(file);
    await lab.connection.domains.restore(file);
    await pollUntil(() => told.some((event) => event.kind === 'jobCompleted'), { what: 'the end of the job' });
    const completed = told.find((event) => event.kind === 'jobCompleted');
    expect(completed?.parameters).toMatchObject({ memory_total: expect.any(Number), time_elapsed: expect.any(Number) });
  }, 60_000);

  it('tells of devices that come', async () => {
    await sut.attachDevice(diskXml(lab.image('vdb.qcow2'), 'vdb'));
    await expectEvent({ kind: 'deviceAdded', uuid: sut.uuid, alias: 'virtio-disk1' });
  });

  it('tells of a block job by the disk and by its path', async () => {
    const target = `${lab.state.diskDir}/copy.qcow2`;
    await sut
      .disk('vda')
      .copy(`<disk type='file'><source file='${target}'/><driver type='qcow2'/></disk>`, {}, { transientJob: true });
    await expectEvent({ kind: 'blockJob', disk: 'vda', job: 'copy', status: 'ready' });
    await expectEvent({ kind: 'blockJobPath', job: 'copy', status: 'ready' });
    await sut.disk('vda').abortJob();
    await expectEvent({ kind: 'blockJob', disk: 'vda', job: 'copy', status: 'canceled' });
  });

  it('tells of pools', async () => {
    const pool = await lab.connection.storagePools.defineXml(
      `<pool type='dir'><name>evented</name><target><path>${lab.state.diskDir}</path></target></pool>`,
    );
    await pool.create();
    await pool.refresh();
    await pool.destroy();
    await pool.undefine();
    for (const event of ['defined', 'started', 'stopped', 'undefined'] as const) {
      await expectEvent({ kind: 'storagePool', name: 'evented', event });
    }
    await expectEvent({ kind: 'storagePoolRefresh', name: 'evented' });
  });

  it('keeps the order of what happened to one object', () => {
    const events = told.flatMap((e) => (e.kind === 'storagePool' && e.name === 'evented' ? [e.event] : []));
    expect(events).toEqual(['defined', 'started', 'stopped', 'undefined']);
  });
});
