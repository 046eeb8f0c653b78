import { DISK_POOL } from './names.js';
import { element, renderXml } from './xml-element.js';

/** The pool of VM disks: a folder. */
export const diskPoolXml = (folder: string): string =>
  renderXml(
    element(
      'pool',
      { type: 'dir' },
      element('name', {}, DISK_POOL),
      element('target', {}, element('path', {}, folder)),
    ),
  );

export interface LinkedCloneSpec {
  readonly volumeName: string;
  readonly capacityBytes: number;
  readonly image: { readonly path: string; readonly format: 'qcow2' | 'raw' };
}

/** A qcow2 volume that keeps only what differs from an image. The image's format is always said, never probed. */
export const linkedCloneXml = ({ volumeName, capacityBytes, image }: LinkedCloneSpec): string =>
  renderXml(
    element(
      'volume',
      { type: 'file' },
      element('name', {}, volumeName),
      element('capacity', { unit: 'bytes' }, String(capacityBytes)),
      element('allocation', { unit: 'bytes' }, '0'),
      element('target', {}, element('format', { type: 'qcow2' })),
      element('backingStore', {}, element('path', {}, image.path), element('format', { type: image.format })),
    ),
  );
