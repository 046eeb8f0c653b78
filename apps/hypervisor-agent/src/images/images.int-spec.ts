import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pollUntil } from '@infinibay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage, type AgentFolders } from '../agent.fixture.js';

const CHECKED = 'image checked';

/** What an agent tells of its images when it is started again. */
describe('images of a host', () => {
  let folders: AgentFolders;
  let environment: Record<string, string>;
  let imageId: string;
  let path: string;
  let sut: RunningAgent;

  beforeEach(async () => {
    folders = agentFolders();
    ({ imageId, path } = writeImage(folders.images, Buffer.alloc(1_048_576, 3)));
    environment = { ...settingsIn(folders), HOST_ID: randomUUID() };
    sut = await RunningAgent.start(environment);
    await told(imageId);
  });
  afterEach(async () => {
    await sut.stop();
    folders.remove();
  });

  const toldOf = (agent: RunningAgent): string[] =>
    agent.heartbeats.at(-1)?.inventory.images.map((image) => image.imageId) ?? [];
  const told = (id: string): Promise<unknown> =>
    pollUntil(() => toldOf(sut).includes(id), { timeoutMs: 60_000, what: 'the image in a heartbeat' });
  const checked = (): number => sut.logged.filter((line) => line.includes(CHECKED)).length;
  const startAgain = async (): Promise<void> => {
    await sut.stop();
    sut = await RunningAgent.start(environment);
  };

  it('are in its first heartbeat after a restart, and none is hashed again', async () => {
    expect(checked()).toBe(1);
    await startAgain();
    expect(sut.heartbeats[0]?.inventory.images.map((image) => image.imageId)).toEqual([imageId]);
    expect(checked()).toBe(0);
  });

  it('are looked at again when their file is another one, and not told of when it is not what it was', async () => {
    await sut.stop();
    appendFileSync(path, 'x');
    sut = await RunningAgent.start(environment);
    await pollUntil(() => sut.logged.some((line) => line.includes('image refused')), {
      timeoutMs: 60_000,
      what: 'the refusal',
    });
    expect(toldOf(sut)).toEqual([]);
  });

  it('are not told of when other bytes of that size are in the file, with the times of before', async () => {
    await sut.stop();
    const { atime, mtime } = statSync(path);
    writeFileSync(path, Buffer.alloc(1_048_576, 4));
    utimesSync(path, atime, mtime);
    sut = await RunningAgent.start(environment);
    await pollUntil(() => sut.logged.some((line) => line.includes('image refused')), {
      timeoutMs: 60_000,
      what: 'the refusal',
    });
    expect(toldOf(sut)).toEqual([]);
  });

  it('are looked at again when their manifest says something else of the same file', async () => {
    await sut.stop();
    const manifest = join(folders.images, `${imageId}.json`);
    const said = JSON.parse(readFileSync(manifest, 'utf8')) as object;
    writeFileSync(manifest, JSON.stringify({ ...said, format: 'qcow2' }));
    sut = await RunningAgent.start(environment);
    await pollUntil(() => sut.logged.some((line) => line.includes('image refused')), {
      timeoutMs: 60_000,
      what: 'the refusal',
    });
    expect(toldOf(sut)).toEqual([]);
  });

  it('are hashed anew where what is known of them is damaged', async () => {
    await sut.stop();
    const folder = join(folders.state, 'images');
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), '{"half');
    sut = await RunningAgent.start(environment);
    await told(imageId);
    expect(checked()).toBe(1);
  });
});
