import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import type { Domain } from './domain.js';
import { Checkpoints } from './checkpoint.js';
import { Snapshots } from './snapshot.js';

let connection: Connection;
let domain: Domain;
const uuid = randomUUID();

beforeAll(async () => {
  connection = await Connection.open('test:///default');
  domain = await connection.domains.defineXml(
    `<domain type='test'><name>vm-${uuid}</name><uuid>${uuid}</uuid><memory unit='KiB'>65536</memory>
     <os><type>hvm</type></os><devices><disk type='file'><source file='/a.qcow2'/><target dev='vda'/></disk></devices></domain>`,
  );
  await domain.create();
});

afterAll(() => connection.close());

const named = (name: string): string => `<domainsnapshot><name>${name}</name></domainsnapshot>`;

describe(Snapshots.name, () => {
  it('are made, listed as a tree, reverted to and deleted', async () => {
    expect(await domain.snapshots.current()).toBeNull();
    const first = await domain.snapshots.create(named('first'));
    await domain.snapshots.create(named('second'));
    await first.revert();
    await domain.snapshots.create(named('other'));
    expect((await domain.snapshots.current())?.name).toBe('other');
    const [root, ...more] = await domain.snapshots.tree();
    expect(more).toEqual([]);
    expect(root).toMatchObject({ name: 'first', parent: null, current: false, hasMetadata: true, state: 'running' });
    expect(root?.createdAt).toBeGreaterThan(1_600_000_000);
    expect(root?.children.map((child) => child.name).sort()).toEqual(['other', 'second']);
    expect(await first.xmlDesc()).toContain('<name>first</name>');
    expect(await first.hasMetadata()).toBe(true);
    await first.delete({ children: true });
    expect(await domain.snapshots.list()).toEqual([]);
    await expect(first.record()).rejects.toMatchObject({ code: 'NO_DOMAIN_SNAPSHOT', object: 'first' });
  });

  it('refuse malformed XML', async () => {
    await expect(domain.snapshots.create('<domainsnapshot')).rejects.toMatchObject({ name: 'LibvirtError' });
  });
});

describe(Checkpoints.name, () => {
  it('are made one after the other, described and deleted', async () => {
    const one = await domain.checkpoints.create('<domaincheckpoint><name>one</name></domaincheckpoint>');
    await domain.checkpoints.create('<domaincheckpoint><name>two</name></domaincheckpoint>');
    expect((await domain.checkpoints.list()).map(({ name, parent }) => [name, parent])).toEqual([
      ['one', null],
      ['two', 'one'],
    ]);
    expect(await domain.checkpoints.xmlDesc(one, { noDomain: true })).not.toContain('<domain ');
    await domain.checkpoints.delete(one, { children: true });
    expect(await domain.checkpoints.list()).toEqual([]);
    await expect(domain.checkpoints.delete(one)).rejects.toMatchObject({ code: 'NO_DOMAIN_CHECKPOINT' });
  });
});
