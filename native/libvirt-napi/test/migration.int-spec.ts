// Live migration between two libvirtds, each a host of its own. They share no network, so memory and disks go through
// sockets of the file system.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';
import type { Domain } from '../src/domain.ts';
import type { DomainLifecycleEvent } from '../src/events.ts';
import { bareGuest, bootDisk, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const DISK_BYTES = 6 * 1024 * 1024;

const rawDisk = (file: string): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${file}'/><target dev='vdb' bus='virtio'/></disk>`;

const suite = hasQemu ? describe : describe.skip;

/** Writes a word into each of 128 pages, over and over: half a MiB that changes all the time. */
const DIRTY_PAGES = Buffer.from('b800108ec031ff4326891d81c7001073f78cc00500103d009075e8ebe3', 'hex');

suite('migration between two hosts', () => {
  let here: Lab;
  let there: Lab;
  const told: string[] = [];
  let sockets = 0;

  const listen = (side: string) => (event: DomainLifecycleEvent) =>
    void told.push(`${side} ${event.event}/${event.detail}`);

  /** Where memory goes; QEMU makes the socket and takes it away. */
  const socket = (): string => `unix://${path.join(here.state.diskDir, `m${(sockets += 1)}`)}`;

  const start = async (name: string, devices: string): Promise<Domain> => {
    const domain = await here.connection.domains.defineXml(bareGuest(name, devices));
    await domain.create();
    return domain;
  };

  beforeAll(async () => {
    here = await openLab();
    there = await openLab();
    here.connection.on('lifecycle', listen('here'));
    there.connection.on('lifecycle', listen('there'));
  }, 120_000);

  afterAll(async () => {
    await here.close();
    await there.close();
  }, 60_000);

  it('moves a running guest by this process, and back by the daemons', async () => {
    const guest = await start('moving', '');
    const uuid = await guest.migration.to(there.uri, { live: true, parameters: { migrate_uri: socket() } });
    expect(uuid).toBe(guest.uuid);
    expect((await guest.state()).state).toBe('shutoff');
    const moved = there.connection.domains.handle(uuid);
    expect(await moved.state()).toEqual({ state: 'running', reason: 'migrated' });
    // Two connections: nothing orders the event of one before that of the other.
    const both = ['there resumed/migrated', 'here stopped/migrated'];
    await pollUntil(() => both.every((event) => told.includes(event)), { what: 'the events of both' });

    await moved.migration.toUri(here.uri, {
      live: true,
      peerToPeer: true,
      persistDest: true,
      undefineSource: true,
      parameters: { migrate_uri: socket(), persistent_xml: await guest.xmlDesc({ inactive: true, migratable: true }) },
    });
    expect((await guest.state()).state).toBe('running');
    await expect(moved.state()).rejects.toMatchObject({ code: 'NO_DOMAIN' });
    expect(await guest.jobStats({ completed: true })).toMatchObject({ kind: 'completed' });
    await guest.destroy();
    await guest.undefine();
  }, 120_000);

  it('moves one through the daemons’ own connection', async () => {
    const guest = await start('tunnelled', '');
    await guest.migration.toUri(there.uri, { live: true, peerToPeer: true, tunnelled: true });
    const moved = there.connection.domains.handle(guest.uuid);
    expect((await moved.state()).state).toBe('running');
    await moved.destroy();
    await guest.undefine();
  }, 60_000);

  it('takes its disk along', async () => {
    const [from, to] = [here.image('source.qcow2', '4M'), there.image('destination.qcow2', '4M')];
    const disk = `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${from}'/><target dev='vda' bus='virtio'/></disk>`;
    const guest = await start('stored', disk);
    const destination = (await guest.xmlDesc({ migratable: true })).replace(from, to);
    await guest.migration.toUri(there.uri, {
      live: true,
      peerToPeer: true,
      copyAllDisks: true,
      parameters: { migrate_uri: socket(), disks_uri: socket(), migrate_disks: ['vda'], destination_xml: destination },
    });
    const moved = there.connection.domains.handle(guest.uuid);
    expect(await moved.xmlDesc()).toContain(to);
    await moved.destroy();
    await guest.undefine();
  }, 60_000);

  it('tells how far it is, is aborted, and ends when it is given more room', async () => {
    const boot = path.join(here.state.diskDir, 'dirty.raw');
    // At 1 MiB/s the disk takes its time. Memory alone may be over at once where a busy machine lets the guest write nothing.
    const [from, to] = [path.join(here.state.diskDir, 'full.raw'), path.join(there.state.diskDir, 'full.raw')];
    writeFileSync(from, randomBytes(DISK_BYTES));
    writeFileSync(to, Buffer.alloc(DISK_BYTES));
    const guest = await start('busy', bootDisk(boot, DIRTY_PAGES) + rawDisk(from));
    const destination = (await guest.xmlDesc({ migratable: true })).replace(from, to);
    const run = (autoConverge: boolean): Promise<unknown> =>
      guest.migration.toUri(there.uri, {
        live: true,
        peerToPeer: true,
        allowUnsafe: true,
        copyAllDisks: true,
        autoConverge,
        timeoutMs: patience(120_000),
        parameters: {
          migrate_uri: socket(),
          disks_uri: socket(),
          migrate_disks: ['vdb'],
          destination_xml: destination,
          bandwidth: 1,
          ...(autoConverge ? { 'auto_converge.initial': 10 } : {}),
        },
      });
    const underWay = async (): Promise<boolean> => {
      const { kind, parameters } = await guest.jobStats();
      const done = Number(parameters['disk_processed'] ?? 0) + Number(parameters['memory_processed'] ?? 0);
      return kind !== 'none' && done > 0;
    };

    const aborted = expect(run(true)).rejects.toMatchObject({ code: 'OPERATION_ABORTED' });
    await pollUntil(underWay, { what: 'the migration to begin', timeoutMs: 30_000 });
    await guest.abortJob();
    await aborted;
    expect((await guest.state()).state).toBe('running');
    await expect(there.connection.domains.lookupByName('busy')).rejects.toMatchObject({ code: 'NO_DOMAIN' });

    // Less room than one page: it can't end by itself while the guest writes. A guest that is held back, on a machine
    // that is busy, may write nothing for a whole round.
    await guest.migration.setLimit('downtimeMs', 1);
    const finished = run(false);
    await pollUntil(underWay, { what: 'the second one to begin', timeoutMs: 30_000 });
    await expect(guest.migration.startPostcopy()).rejects.toMatchObject({ name: 'LibvirtError' });
    await guest.migration.setLimit('downtimeMs', 5_000);
    expect(await guest.migration.limit('downtimeMs')).toBe(5_000);
    await guest.migration.setLimit('speedMib', 1_000);
    await finished;
    expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
    const moved = there.connection.domains.handle(guest.uuid);
    expect((await moved.state()).state).toBe('running');
    await moved.destroy();
    await guest.undefine();
  }, 180_000);

  it('says what hinders it, and leaves the guest where it is', async () => {
    const guest = await start('staying', '');
    await expect(
      guest.migration.to('qemu+unix:///system?socket=/nonexistent/sock', { live: true }),
    ).rejects.toMatchObject({ code: 'SYSTEM_ERROR', domain: 'RPC' });
    await expect(guest.migration.to(here.uri, { live: true })).rejects.toMatchObject({ name: 'LibvirtError' });
    const nonsense = { parameters: { nonsense: 1 } as object };
    await expect(guest.migration.to(there.uri, nonsense)).rejects.toMatchObject({ code: 'INVALID_ARG' });
    expect((await guest.state()).state).toBe('running');
    expect(existsSync(path.join(here.state.diskDir, 'm1'))).toBe(false);
    await guest.destroy();
    await guest.undefine();
  }, 60_000);
});
