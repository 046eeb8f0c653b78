import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { AgentConfig } from '../config.js';
import { MigrationRecords } from './migration-records.js';
import { RevertRecords } from './revert-records.js';
import { StartObstacles } from './start-obstacles.js';

describe(StartObstacles, () => {
  const STATE_DIR = mkdtempSync(join(tmpdir(), 'ib-obstacles-'));
  const config = { STATE_DIR } as AgentConfig;
  const records = new MigrationRecords(config);
  /** Of the agent that is started after this one. */
  const next = () => new StartObstacles(new RevertRecords(config), new MigrationRecords(config));
  afterAll(() => rmSync(STATE_DIR, { recursive: true }));
  const SOURCE = {
    role: 'SOURCE' as const,
    isShared: false,
    wasOff: false,
    hasBegun: true,
    hasLeft: false,
    volumes: [],
  };

  it('keep a VM that is being moved from running on either host, until that has ended there', async () => {
    for (const role of ['SOURCE', 'TARGET'] as const) {
      const [vmId, migrationId] = [randomUUID(), randomUUID()];
      await next().requireNone(vmId);
      await records.keep(vmId, { ...SOURCE, role, migrationId });
      await expect(next().requireNone(vmId)).rejects.toMatchObject({ code: 'VM_BUSY', details: { role } });
      await expect(next().requireHere(vmId)).rejects.toMatchObject({ code: 'VM_BUSY' });
      await records.forget(vmId);
      await next().requireNone(vmId);
    }
  });

  it('read what an agent of before has written, which knew of no volumes', async () => {
    const [vmId, migrationId] = [randomUUID(), randomUUID()];
    const { volumes, ...before } = { ...SOURCE, migrationId };
    mkdirSync(join(STATE_DIR, 'migrations'), { recursive: true });
    writeFileSync(join(STATE_DIR, 'migrations', vmId), JSON.stringify(before));
    expect(await records.of(vmId, migrationId)).toEqual({ ...before, volumes });
  });

  it('know one migration from another, and guess nothing of a record that is damaged', async () => {
    const [vmId, migrationId] = [randomUUID(), randomUUID()];
    expect(await records.of(vmId, migrationId)).toBeUndefined();
    await records.keep(vmId, { ...SOURCE, migrationId });
    expect(await records.of(vmId, migrationId)).toMatchObject({ migrationId });
    await expect(records.of(vmId, randomUUID())).rejects.toMatchObject({ code: 'VM_BUSY' });
    mkdirSync(join(STATE_DIR, 'migrations'), { recursive: true });
    writeFileSync(join(STATE_DIR, 'migrations', vmId), '{"migrationId":');
    await expect(next().requireNone(vmId)).rejects.toBeInstanceOf(SyntaxError);
  });

  it('keep one off whose revert did not end, but let one that stands still run on', async () => {
    const vmId = randomUUID();
    await new RevertRecords(config).keep(vmId, { operationId: randomUUID(), snapshotId: randomUUID(), isDone: false });
    await expect(next().requireNone(vmId)).rejects.toMatchObject({ code: 'REVERT_UNFINISHED' });
    await next().requireHere(vmId);
  });
});
