import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hashOfUploadTicket, imageCopyTicket, imageUploadTicket } from './image-upload-ticket.js';

describe(imageUploadTicket, () => {
  it('opens one upload on one host, is the same each time, and is made with the key alone', () => {
    const name = { imageId: randomUUID(), hostId: randomUUID() };
    const ticket = imageUploadTicket(name, 'k'.repeat(32));
    expect(imageUploadTicket({ ...name }, 'k'.repeat(32))).toBe(ticket);
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const others = [
      imageUploadTicket({ ...name, imageId: randomUUID() }, 'k'.repeat(32)),
      imageUploadTicket({ ...name, hostId: randomUUID() }, 'k'.repeat(32)),
      imageUploadTicket({ imageId: name.hostId, hostId: name.imageId }, 'k'.repeat(32)),
      imageUploadTicket(name, 'l'.repeat(32)),
      hashOfUploadTicket(ticket),
    ];
    expect(new Set([ticket, ...others]).size).toBe(6);
  });
});

describe(imageCopyTicket, () => {
  it('opens one image on one host for one reader and one attempt, and nothing that is uploaded', () => {
    const [imageId, sourceHostId, readerHostId] = [randomUUID(), randomUUID(), randomUUID()];
    const name = { copyId: randomUUID(), imageId, sourceHostId, readerHostId };
    const key = 'k'.repeat(32);
    const ticket = imageCopyTicket(name, key);
    expect(imageCopyTicket({ ...name }, key)).toBe(ticket);
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const others = [
      ...['copyId', 'imageId', 'sourceHostId', 'readerHostId'].map((part) =>
        imageCopyTicket({ ...name, [part]: randomUUID() }, key),
      ),
      imageCopyTicket({ ...name, sourceHostId: readerHostId, readerHostId: sourceHostId }, key),
      imageCopyTicket(name, 'l'.repeat(32)),
      imageUploadTicket({ imageId, hostId: sourceHostId }, key),
    ];
    expect(new Set([ticket, ...others]).size).toBe(8);
  });
});
