import { createHash } from 'node:crypto';
import { Uuid } from '@infinibay/contracts';

/** Names in libvirt derive from our ids, so that every action can be repeated and every orphan told. */
const DOMAIN_PREFIX = 'vm-';

/** How the comment begins that tells one definition of a filter from another. */
export const FILTER_MARKER_PREFIX = 'infinibay-revision-';

export const domainName = (vmId: string): string => `${DOMAIN_PREFIX}${vmId}`;

/** The VM that a domain of ours is; undefined for anybody else's domain. */
export const vmIdOfDomain = (domain: { readonly name: string; readonly uuid: string }): string | undefined =>
  domain.name === domainName(domain.uuid) && Uuid.safeParse(domain.uuid).success ? domain.uuid : undefined;

export const vmFilterName = (vmId: string): string => `infinibay-vm-${vmId}`;

/** Name of the file that a VM's disk is. */
export const diskFileName = (vmId: string): string => `${domainName(vmId)}.qcow2`;

/** A UUID that is always the same for a name (RFC 9562 version 5 with a name space of our own). */
export const uuidOfName = (name: string): string => {
  const digest = createHash('sha1').update(`infinibay/libvirt/${name}`).digest().subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};
