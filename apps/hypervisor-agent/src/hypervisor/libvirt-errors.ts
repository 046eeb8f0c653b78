import { DomainError, type ErrorCode } from '@infinibay/contracts';
import { LibvirtError, type LibvirtErrorCode } from '@infinibay/libvirt';

/** The one table from libvirt's refusals to ours. What isn't in it is HYPERVISOR_ERROR. */
const ERROR_CODE_OF: Partial<Record<LibvirtErrorCode, ErrorCode>> = {
  NO_DOMAIN: 'VM_NOT_FOUND',
  NO_NETWORK: 'NETWORK_NOT_FOUND',
  NO_NWFILTER: 'FILTER_MISSING',
  RESOURCE_BUSY: 'VM_BUSY',
  QUARANTINED: 'VM_UNRESPONSIVE',
  NO_SUPPORT: 'UNSUPPORTED_BY_DRIVER',
  CONFIG_UNSUPPORTED: 'UNSUPPORTED_BY_DRIVER',
  ARGUMENT_UNSUPPORTED: 'UNSUPPORTED_BY_DRIVER',
  NO_CONNECT: 'HOST_UNAVAILABLE',
  INVALID_CONN: 'HOST_UNAVAILABLE',
  RPC: 'HOST_UNAVAILABLE',
  DISCONNECTED: 'HOST_UNAVAILABLE',
  CLOSED: 'HOST_UNAVAILABLE',
  TIMEOUT: 'DEADLINE_EXCEEDED',
  CANCELLED: 'DEADLINE_EXCEEDED',
  OPERATION_TIMEOUT: 'DEADLINE_EXCEEDED',
  AGENT_UNRESPONSIVE: 'DEADLINE_EXCEEDED',
};

const BINDING = 'BINDING';

/** libvirt says of a domain that it is busy; the binding says so when it has taken in as many calls as it can hold. */
const errorCodeOf = ({ code, domain }: LibvirtError): ErrorCode =>
  code === 'RESOURCE_BUSY' && domain === BINDING ? 'HOST_UNAVAILABLE' : (ERROR_CODE_OF[code] ?? 'HYPERVISOR_ERROR');

/** libvirt's text stays in the log (as the cause): it may hold paths of the host. */
export const toDomainError = (error: unknown): unknown =>
  error instanceof LibvirtError
    ? new DomainError(errorCodeOf(error), { libvirtCode: error.code, call: error.call }, { cause: error })
    : error;

/** The libvirt code behind an error of ours; undefined when libvirt isn't the cause. */
export const libvirtCodeOf = (error: unknown): LibvirtErrorCode | undefined => {
  if (error instanceof LibvirtError) return error.code;
  return error instanceof DomainError && error.cause instanceof LibvirtError ? error.cause.code : undefined;
};

/** What libvirt said, for decisions that its code is too coarse for; it must not leave the host. */
export const libvirtMessageOf = (error: unknown): string | undefined => {
  if (error instanceof LibvirtError) return error.message;
  return error instanceof DomainError && error.cause instanceof LibvirtError ? error.cause.message : undefined;
};
