import { createHash, randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ImageUploads, type ExpectedUpload } from './image-uploads.js';

const upload = (ticket = 'ticket'): ExpectedUpload => ({
  imageId: randomUUID(),
  sizeBytes: 10,
  ticketSha256: createHash('sha256').update(ticket).digest('hex'),
  reservePercent: 5,
});

describe(ImageUploads, () => {
  let uploads = new ImageUploads();
  afterEach(async () => {
    await uploads.onApplicationShutdown();
    uploads = new ImageUploads();
  });

  it('are opened by their own tickets, while they are expected and have not failed', async () => {
    const [one, other] = [upload(), upload('other')];
    for (const each of [one, other]) uploads.expect(each, false);
    expect(uploads.openedBy(one.imageId, 'ticket')).toEqual(one);
    expect(uploads.openedBy(one.imageId, 'other')).toBeUndefined();
    expect(uploads.openedBy(other.imageId, 'ticket')).toBeUndefined();
    expect(uploads.openedBy(randomUUID(), 'ticket')).toBeUndefined();
    uploads.fail(one.imageId, new DomainError('IMAGE_UNUSABLE'));
    expect(uploads.openedBy(one.imageId, 'ticket')).toBeUndefined();
    expect(() => uploads.expect(one, false)).toThrow('not an image');
    await uploads.close(other.imageId);
    expect(uploads.openedBy(other.imageId, 'other')).toBeUndefined();
  });

  it('let one have the file: whoever comes next ends the one before, and waits for it', async () => {
    const one = upload();
    uploads.expect(one, false);
    const order: string[] = [];
    const untilStopped = (name: string) =>
      uploads.alone(one.imageId, async (stop) => {
        order.push(`${name} has it`);
        await new Promise((resolve) => stop.addEventListener('abort', resolve));
        await Promise.resolve();
        order.push(`${name} lets go`);
      });
    const first = untilStopped('first');
    await pollUntil(() => order.includes('first has it'));
    const second = untilStopped('second');
    const third = uploads.alone(one.imageId, async () => order.push('third has it'));
    await first;
    // It never had the file: the third came before that.
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    await third;
    expect(order).toEqual(['first has it', 'first lets go', 'third has it']);
    const last = untilStopped('last');
    await pollUntil(() => order.includes('last has it'));
    await uploads.close(one.imageId);
    await last;
    await expect(untilStopped('nobody')).rejects.toThrow(DomainError);
  });

  it('are not written to by who waited for the file while it was given up', async () => {
    const one = upload();
    uploads.expect(one, false);
    const [begun, end] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const first = uploads.alone(one.imageId, async () => {
      begun.resolve(undefined);
      await end.promise;
      uploads.fail(one.imageId, new DomainError('IMAGE_UPLOAD_ENDED'));
    });
    await begun.promise;
    const second = uploads.alone(one.imageId, () => Promise.resolve('it has the file'));
    end.resolve(undefined);
    await first;
    await expect(second).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });

  it('are taken no more when nobody has asked for them for half an hour', () => {
    jest.useFakeTimers();
    try {
      const one = upload();
      uploads.expect(one, false);
      jest.advanceTimersByTime(1_799_999);
      uploads.expect(one, false);
      jest.advanceTimersByTime(1_799_999);
      expect(uploads.openedBy(one.imageId, 'ticket')).toEqual(one);
      jest.advanceTimersByTime(1);
      expect(uploads.openedBy(one.imageId, 'ticket')).toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });
});
