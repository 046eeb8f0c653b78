import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { HostImage } from '../model/host.js';
import { ImageUrl } from '../model/image.js';
import { ImageUploadFormat, MAX_IMAGE_BYTES } from '../model/image-upload.js';
import { Fence, Uuid } from '../model/scalars.js';

const { name, osFamily, format, sha256, minMemoryMib } = HostImage.shape;
const ON_AN_IMAGE = z.object({ imageId: Uuid, fence: Fence, format, sha256 });
const exampleOnAnImage = {
  imageId: '0196f5a0-0000-7000-8000-0000000000e1',
  fence: 1,
  format: 'qcow2',
  sha256: 'a'.repeat(64),
} as const;
const RESERVE_PERCENT = z.number().min(0).max(100).describe('Of the pool, that stays free');

/** How far an image is that comes from somewhere else. */
const RECEIVED = z.object({
  isComplete: z.boolean().describe('It is checked and among the images of the host'),
  receivedBytes: z.int().nonnegative().describe('That have come so far'),
  virtualSizeBytes: z.int().positive().nullable().describe('That a guest sees; set when complete'),
});

export const importImage = defineCommand({
  name: 'host.import-image',
  version: 1,
  description:
    'Fetches an image to the host, checks it and keeps it. It is not waited for to the end: sent again it tells how far it is, and goes on where it stood after a kill. An image that is there is success. Errors: IMAGE_SOURCE_REFUSED, IMAGE_SOURCE_UNAVAILABLE, IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), POOL_FULL, STORAGE_UNAVAILABLE, DEADLINE_EXCEEDED, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_AN_IMAGE.extend({
    url: ImageUrl,
    name,
    osFamily,
    minMemoryMib,
    reservePercent: RESERVE_PERCENT,
  }),
  reply: z.object({
    isComplete: z.boolean().describe('It is checked and among the images of the host'),
    progressPercent: z.int().min(0).max(100).describe('Of the bytes that are to be fetched'),
    sizeBytes: z.int().positive().nullable().describe('Of the file; set when complete'),
    virtualSizeBytes: z.int().positive().nullable().describe('That a guest sees; set when complete'),
  }),
  example: {
    request: {
      ...exampleOnAnImage,
      url: 'https://images.example.org/debian-12.qcow2',
      name: 'Debian 12',
      osFamily: 'linux',
      minMemoryMib: 512,
      reservePercent: 5,
    },
    reply: { isComplete: false, progressPercent: 40, sizeBytes: null, virtualSizeBytes: null },
  },
});

export const receiveImage = defineCommand({
  name: 'host.receive-image',
  version: 1,
  description:
    'Has the host take an image from whoever brings the ticket, at the address of host.uploads-offered, check it and keep it. It is not waited for to the end: sent again it tells how much has come, and goes on where it stood after a kill. One that nobody asks for is taken no more after half an hour; what has come of it stays for a day. An image that is there is success. Errors: IMAGE_UPLOADS_UNAVAILABLE, IMAGE_UPLOAD_ENDED (who has the ticket gave it up), IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), STORAGE_UNAVAILABLE, DEADLINE_EXCEEDED, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_AN_IMAGE.extend({
    format: ImageUploadFormat,
    name,
    osFamily,
    minMemoryMib,
    sizeBytes: z.int().positive().max(MAX_IMAGE_BYTES).describe('Of the file'),
    ticketSha256: sha256.describe('Of the ticket that opens the upload; the ticket itself is told to no host'),
    reservePercent: RESERVE_PERCENT,
  }),
  reply: RECEIVED,
  example: {
    request: {
      ...exampleOnAnImage,
      format: 'iso',
      name: 'Debian 12 installer',
      osFamily: 'linux',
      minMemoryMib: 512,
      sizeBytes: 659_554_304,
      ticketSha256: 'b'.repeat(64),
      reservePercent: 5,
    },
    reply: { isComplete: false, receivedBytes: 1_048_576, virtualSizeBytes: null },
  },
});

export const captureImage = defineCommand({
  name: 'host.capture-image',
  version: 1,
  description:
    'Makes an image of the disk of a VM, which is off: what the disk holds now, with what it reads from its own image, and nothing that says whose disk it was. Snapshots, volumes and saved memory are no part of it. It is not waited for to the end: sent again it tells how far it is, and begins anew after a kill. An image that is there is success. Errors: CLONE_SOURCE_UNUSABLE (there is nothing to copy, or the VM is on), VM_BUSY (something is being done to it), IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), POOL_FULL, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR, DEADLINE_EXCEEDED, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({
    imageId: Uuid,
    fence: Fence.describe('Of the image'),
    vmId: Uuid.describe('Whose disk is copied'),
    name,
    osFamily,
    minMemoryMib,
    reservePercent: RESERVE_PERCENT,
  }),
  reply: z.object({
    isComplete: z.boolean().describe('It is checked and among the images of the host'),
    progressPercent: z.int().min(0).max(100).describe('Of the bytes that are to be copied'),
    sizeBytes: z.int().positive().nullable().describe('Of the file; set when complete'),
    virtualSizeBytes: z.int().positive().nullable().describe('That a guest sees; set when complete'),
    sha256: sha256.nullable().describe('Of the file, which is qcow2; set when complete'),
  }),
  example: {
    request: {
      imageId: '0196f5a0-0000-7000-8000-0000000000e1',
      fence: 1,
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      name: 'Debian 12 with our tools',
      osFamily: 'linux',
      minMemoryMib: 512,
      reservePercent: 5,
    },
    reply: { isComplete: false, progressPercent: 40, sizeBytes: null, virtualSizeBytes: null, sha256: null },
  },
});

export const offerImage = defineCommand({
  name: 'host.offer-image',
  version: 1,
  description:
    'Has a host that has an image send it to whoever brings the ticket, at the address of host.image-copies-offered, from any byte on. One reader at a time has a ticket. It holds for five minutes after the offer was made last. Errors: IMAGE_NOT_FOUND (it is not there, not whole, or another one), IMAGE_SOURCE_AWAY (the host sends none).',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({
    imageId: Uuid,
    sha256: sha256.describe('That the image has'),
    ticketSha256: sha256.describe('Of the ticket, which is told to its reader alone'),
  }),
  reply: z.object({ sizeBytes: z.int().positive().describe('Of the file') }),
  example: {
    request: {
      imageId: '0196f5a0-0000-7000-8000-0000000000e1',
      sha256: 'a'.repeat(64),
      ticketSha256: 'b'.repeat(64),
    },
    reply: { sizeBytes: 659_554_304 },
  },
});

export const copyImage = defineCommand({
  name: 'host.copy-image',
  version: 1,
  description:
    'Fetches an image from another host that has it, checks it and keeps it. It is not waited for to the end: sent again it tells how much has come, goes on where it stood after a break or a kill, and then reads from the address that was named last. An image that is there is success. Errors: IMAGE_SOURCE_AWAY (the other host does not send it; what has come is kept), IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), IMAGE_SOURCE_UNAVAILABLE (it took too long), POOL_FULL, STORAGE_UNAVAILABLE, DEADLINE_EXCEEDED, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: ON_AN_IMAGE.extend({
    format: ImageUploadFormat,
    name,
    osFamily,
    minMemoryMib,
    sizeBytes: z.int().positive().describe('Of the file'),
    url: ImageUrl.describe('Where the other host sends it'),
    ticket: z
      .string()
      .regex(/^[A-Za-z0-9_-]{16,128}$/)
      .describe('Opens it there'),
    reservePercent: RESERVE_PERCENT,
  }),
  reply: RECEIVED,
  example: {
    request: {
      ...exampleOnAnImage,
      name: 'Debian 12',
      osFamily: 'linux',
      minMemoryMib: 512,
      sizeBytes: 659_554_304,
      url: 'https://host-1.example.org:8443/uploads/0196f5a0-0000-7000-8000-0000000000e1/content',
      ticket: 't'.repeat(43),
      reservePercent: 5,
    },
    reply: { isComplete: false, receivedBytes: 1_048_576, virtualSizeBytes: null },
  },
});

export const removeImage = defineCommand({
  name: 'host.remove-image',
  version: 1,
  description:
    'Removes an imported image, and what was fetched of one that is not complete; the import ends. None is success. The file goes with the last image that is kept in it. Errors: IMAGE_IN_USE (a disk of this host is based on it, or a guest has it in its CD-ROM drive), STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_AN_IMAGE,
  reply: z.object({ removed: z.boolean() }),
  example: { request: exampleOnAnImage, reply: { removed: true } },
});
