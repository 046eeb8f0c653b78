import type { ConnectionEventMap } from '@infinibay/libvirt';

/**
 * The kinds of libvirt's events that are published. Left out is what a guest can cause at will and nobody acts on (its
 * clock, its trays, its balloon), what another kind tells better (`ioError`, `blockJobPath`), and people at the screen.
 */
export const PUBLISHED_KINDS = [
  'lifecycle',
  'reboot',
  'watchdog',
  'ioErrorReason',
  'controlError',
  'blockJob',
  'jobCompleted',
  'blockThreshold',
  'diskChange',
  'deviceAdded',
  'deviceRemoved',
  'deviceRemovalFailed',
  'agentLifecycle',
  'metadataChange',
  'memoryFailure',
] as const;
export type PublishedKind = (typeof PUBLISHED_KINDS)[number];

/** An event of a domain that is published when the domain is one of ours. */
export type PublishedDomainEvent = ConnectionEventMap[PublishedKind][0];
