import { createHash } from 'node:crypto';
import {
  DomainError,
  IMPORTED_IMAGE_VERSION,
  captureImage,
  copyImage,
  hostImageCopiesOffered,
  hostUploadsOffered,
  importImage,
  offerImage,
  receiveImage,
  removeImage,
  type ErrorCode,
  type HostImage,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import type { ReportPublisher } from '@infinibay/platform-messaging';
import type { SimulatedVm } from './neighbours.js';

const MIB = 1_048_576;

type Serve = <C extends RequestContract>(
  contract: C,
  handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
) => void;

/** What an operator has put on the simulated host. */
const microImage = (imageId: string): HostImage => ({
  imageId,
  name: 'micro',
  version: '1',
  osFamily: 'linux',
  format: 'qcow2',
  sha256: 'a'.repeat(64),
  virtualSizeBytes: 64 * MIB,
  minMemoryMib: 128,
});

/** The images of the simulated host. */
export class SimulatedImages {
  /** Those that were imported and are complete. */
  readonly imported = new Map<string, HostImage>();
  /** Requests, in order. */
  readonly imports: RequestOf<typeof importImage>[] = [];
  readonly uploads: RequestOf<typeof receiveImage>[] = [];
  readonly captures: RequestOf<typeof captureImage>[] = [];
  readonly removals: string[] = [];
  readonly offers: RequestOf<typeof offerImage>[] = [];
  readonly copies: RequestOf<typeof copyImage>[] = [];
  /** Where other hosts read its images; null: it sends none. */
  copyUrl: string | null = 'https://host-1.example.org/here/';
  /** Bytes of a copy that have come; null: all. */
  copiedBytes: number | null = null;
  /** What reading an image, and letting it be read, is refused with. */
  copyRefusal: ErrorCode | null = null;
  offerRefusal: ErrorCode | null = null;
  /** The same for the next requests, one after the other; null: not refused. */
  readonly copyRefusals: (ErrorCode | null)[] = [];
  /** Where it takes uploads; null: it takes none. */
  uploadUrl: string | null = 'https://host-1.example.org/here/';
  /** Bytes of an upload that have come; null: all. */
  receivedBytes: number | null = null;
  /** How many percent of an import, or of an image of a VM, have come when it is asked for; 100: all. */
  percent = 100;
  /** What an import, or a removal, is refused with. */
  refusal: ErrorCode | null = null;
  private readonly fences = new Map<string, number>();

  /** As heartbeats tell of them. */
  all(imageId: string): HostImage[] {
    return [microImage(imageId), ...this.imported.values()];
  }

  /** What is told beside heartbeats. */
  tell(reports: ReportPublisher, hostId: string, sequence: number): void {
    reports.publishForHost(hostUploadsOffered, hostId, { hostId, url: this.uploadUrl, sequence });
    reports.publishForHost(hostImageCopiesOffered, hostId, { hostId, url: this.copyUrl, sequence });
  }

  /** @param isNew whether the agent knows copies of images */
  serve(on: Serve, vmOf: (vmId: string) => SimulatedVm, isNew = true): void {
    this.serveCaptures(on, vmOf);
    if (isNew) this.serveCopies(on);
    on(importImage, async (request) => {
      this.pass(request);
      this.imports.push(request);
      if (this.refusal !== null) throw new DomainError(this.refusal, { reason: 'the spec says so' });
      const { percent: progressPercent } = this;
      if (progressPercent < 100) return { isComplete: false, progressPercent, sizeBytes: null, virtualSizeBytes: null };
      const { imageId, name, osFamily, format, sha256, minMemoryMib } = request;
      const about = { imageId, name, osFamily, format, sha256, minMemoryMib, version: IMPORTED_IMAGE_VERSION };
      this.imported.set(imageId, { ...about, virtualSizeBytes: 32 * MIB });
      return { isComplete: true, progressPercent, sizeBytes: 8 * MIB, virtualSizeBytes: 32 * MIB };
    });
    on(receiveImage, async (request) => {
      this.pass(request);
      this.uploads.push(request);
      if (this.refusal !== null) throw new DomainError(this.refusal, { reason: 'the spec says so' });
      const { imageId, name, osFamily, format, sha256, minMemoryMib, sizeBytes } = request;
      const receivedBytes = this.receivedBytes ?? sizeBytes;
      if (receivedBytes < sizeBytes) return { isComplete: false, receivedBytes, virtualSizeBytes: null };
      const about = { imageId, name, osFamily, sha256, minMemoryMib, version: IMPORTED_IMAGE_VERSION };
      const stored = format === 'qcow2' ? 'qcow2' : 'raw';
      this.imported.set(imageId, { ...about, format: stored, virtualSizeBytes: 32 * MIB });
      return { isComplete: true, receivedBytes, virtualSizeBytes: 32 * MIB };
    });
    on(removeImage, async (request) => {
      this.pass(request);
      this.removals.push(request.imageId);
      if (this.refusal !== null) throw new DomainError(this.refusal);
      return { removed: this.imported.delete(request.imageId) };
    });
  }

  private serveCaptures(on: Serve, vmOf: (vmId: string) => SimulatedVm): void {
    on(captureImage, async (request) => {
      this.pass(request);
      this.captures.push(request);
      if (this.refusal !== null) throw new DomainError(this.refusal, { reason: 'the spec says so' });
      const { imageId, vmId, name, osFamily, minMemoryMib } = request;
      const { disk, power } = vmOf(vmId);
      if (!this.imported.has(imageId) && (!disk || power === 'running'))
        throw new DomainError('CLONE_SOURCE_UNUSABLE', { reason: disk ? 'VM_BUSY' : 'DISK_MISSING' });
      const { percent: progressPercent } = this;
      if (progressPercent < 100)
        return { isComplete: false, progressPercent, sizeBytes: null, virtualSizeBytes: null, sha256: null };
      const sha256 = createHash('sha256').update(imageId).digest('hex');
      const about = { imageId, name, osFamily, minMemoryMib, sha256, version: IMPORTED_IMAGE_VERSION };
      this.imported.set(imageId, { ...about, format: 'qcow2', virtualSizeBytes: 32 * MIB });
      return { isComplete: true, progressPercent, sizeBytes: 8 * MIB, virtualSizeBytes: 32 * MIB, sha256 };
    });
  }

  private serveCopies(on: Serve): void {
    on(offerImage, async (request) => {
      this.offers.push(request);
      if (this.offerRefusal !== null) throw new DomainError(this.offerRefusal);
      if (this.imported.get(request.imageId)?.sha256 !== request.sha256) throw new DomainError('IMAGE_NOT_FOUND');
      return { sizeBytes: 8 * MIB };
    });
    on(copyImage, async (request) => {
      this.pass(request);
      this.copies.push(request);
      const refusal = this.copyRefusals.shift() ?? this.copyRefusal;
      if (refusal !== null) throw new DomainError(refusal, { reason: 'the spec says so' });
      const { imageId, name, osFamily, format, sha256, minMemoryMib, sizeBytes } = request;
      const receivedBytes = this.copiedBytes ?? sizeBytes;
      if (receivedBytes < sizeBytes) return { isComplete: false, receivedBytes, virtualSizeBytes: null };
      const about = { imageId, name, osFamily, sha256, minMemoryMib, version: IMPORTED_IMAGE_VERSION };
      const stored = format === 'qcow2' ? 'qcow2' : 'raw';
      this.imported.set(imageId, { ...about, format: stored, virtualSizeBytes: 32 * MIB });
      return { isComplete: true, receivedBytes, virtualSizeBytes: 32 * MIB };
    });
  }

  private pass({ imageId, fence }: { readonly imageId: string; readonly fence: number }): void {
    if (fence < (this.fences.get(imageId) ?? 0)) throw new DomainError('STALE_FENCE', { imageId });
    this.fences.set(imageId, fence);
  }
}
