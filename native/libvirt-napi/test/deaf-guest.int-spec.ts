// Streams to a guest that takes nothing of what is sent, which are aborted while the daemon has data for them. It has
// once gone away over that: the daemon is this spec's own, and its log says why.
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { holdsFor, patience, pollUntil } from '@infinibay/testing';
import { logTail } from '../../../tools/stack/child-process.ts';
import type { GuestStream } from '../src/stream.ts';
import { bareGuest, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

const DEVICES = `<serial type='pty'><target port='0'/></serial>
  <console type='pty'><target type='serial' port='0'/></console>`;

suite('a stream to a guest that takes nothing', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await openLab();
  }, 120_000);
  afterAll(() => lab.close(), 60_000);

  const abortStreams = async (): Promise<void> => {
    const deaf = await lab.connection.domains.createXml(bareGuest('deaf', DEVICES), { paused: true });
    const close = async (stream: GuestStream): Promise<void> => {
      const closed = once(stream, 'close', { signal: AbortSignal.timeout(patience(5_000)) });
      stream.destroy();
      await closed;
    };
    const fill = async (): Promise<GuestStream> => {
      const stream = await deaf.openConsole();
      stream.resume().on('error', () => undefined);
      stream.write(Buffer.alloc(1 << 20));
      await holdsFor(100, () => !stream.closed, 'it is open while it sends');
      return stream;
    };
    await close(await fill());
    // The daemon takes a moment to hear of it.
    const next = await pollUntil(() => deaf.openConsole({ safe: true }).catch(() => undefined), {
      what: 'its release',
    });
    await close(next);
    // What was ended waits for the guest inside libvirt: that one is taken from it.
    const ended = await fill();
    ended.end();
    await holdsFor(100, () => !ended.closed, 'it waits for the guest');
    await close(ended);
    await close(await deaf.openConsole({ force: true }));
    await deaf.destroy();
  };

  it('ends at once, and lets the next one in', async () => {
    await abortStreams().catch((error: unknown) => {
      throw new Error(`libvirtd: ${logTail(path.join(lab.state.logDir, 'libvirtd.log'), 20)}`, { cause: error });
    });
  }, 60_000);
});
