/** What libvirt and this binding refuse with. */
export const LIBVIRT_CODES = [
  'INTERNAL_ERROR',
  'NO_MEMORY',
  'NO_SUPPORT',
  'UNKNOWN_HOST',
  'NO_CONNECT',
  'INVALID_CONN',
  'INVALID_DOMAIN',
  'INVALID_ARG',
  'OPERATION_FAILED',
  'GET_FAILED',
  'POST_FAILED',
  'HTTP_ERROR',
  'SEXPR_SERIAL',
  'NO_XEN',
  'XEN_CALL',
  'OS_TYPE',
  'NO_KERNEL',
  'NO_ROOT',
  'NO_SOURCE',
  'NO_TARGET',
  'NO_NAME',
  'NO_OS',
  'NO_DEVICE',
  'NO_XENSTORE',
  'DRIVER_FULL',
  'CALL_FAILED',
  'XML_ERROR',
  'DOM_EXIST',
  'OPERATION_DENIED',
  'OPEN_FAILED',
  'READ_FAILED',
  'PARSE_FAILED',
  'CONF_SYNTAX',
  'WRITE_FAILED',
  'XML_DETAIL',
  'INVALID_NETWORK',
  'NETWORK_EXIST',
  'SYSTEM_ERROR',
  'RPC',
  'GNUTLS_ERROR',
  'NO_DOMAIN',
  'NO_NETWORK',
  'INVALID_MAC',
  'AUTH_FAILED',
  'INVALID_STORAGE_POOL',
  'INVALID_STORAGE_VOL',
  'NO_STORAGE_POOL',
  'NO_STORAGE_VOL',
  'INVALID_NODE_DEVICE',
  'NO_NODE_DEVICE',
  'NO_SECURITY_MODEL',
  'OPERATION_INVALID',
  'NO_INTERFACE',
  'INVALID_INTERFACE',
  'MULTIPLE_INTERFACES',
  'INVALID_NWFILTER',
  'NO_NWFILTER',
  'BUILD_FIREWALL',
  'INVALID_SECRET',
  'NO_SECRET',
  'CONFIG_UNSUPPORTED',
  'OPERATION_TIMEOUT',
  'MIGRATE_PERSIST_FAILED',
  'HOOK_SCRIPT_FAILED',
  'INVALID_DOMAIN_SNAPSHOT',
  'NO_DOMAIN_SNAPSHOT',
  'INVALID_STREAM',
  'ARGUMENT_UNSUPPORTED',
  'STORAGE_PROBE_FAILED',
  'STORAGE_POOL_BUILT',
  'SNAPSHOT_REVERT_RISKY',
  'OPERATION_ABORTED',
  'AUTH_CANCELLED',
  'NO_DOMAIN_METADATA',
  'MIGRATE_UNSAFE',
  'OVERFLOW',
  'BLOCK_COPY_ACTIVE',
  'OPERATION_UNSUPPORTED',
  'SSH',
  'AGENT_UNRESPONSIVE',
  'RESOURCE_BUSY',
  'ACCESS_DENIED',
  'DBUS_SERVICE',
  'STORAGE_VOL_EXIST',
  'CPU_INCOMPATIBLE',
  'XML_INVALID_SCHEMA',
  'MIGRATE_FINISH_OK',
  'AUTH_UNAVAILABLE',
  'NO_SERVER',
  'NO_CLIENT',
  'AGENT_UNSYNCED',
  'LIBSSH',
  'DEVICE_MISSING',
  'INVALID_NWFILTER_BINDING',
  'NO_NWFILTER_BINDING',
  'INVALID_DOMAIN_CHECKPOINT',
  'NO_DOMAIN_CHECKPOINT',
  'NO_DOMAIN_BACKUP',
  'INVALID_NETWORK_PORT',
  'NETWORK_PORT_EXIST',
  'NO_NETWORK_PORT',
  'NO_HOSTNAME',
  'CHECKPOINT_INCONSISTENT',
  'MULTIPLE_DOMAINS',
] as const;

/** Codes of the binding itself. */
export const BINDING_CODES = ['TIMEOUT', 'CANCELLED', 'CLOSED', 'DISCONNECTED', 'QUARANTINED', 'PANIC'] as const;

/** A stable name: libvirt's own without `VIR_ERR_`, or one of the binding's. */
export type KnownCode = (typeof LIBVIRT_CODES)[number] | (typeof BINDING_CODES)[number];

/** Known, or the number of a libvirt newer than this table. */
export type LibvirtErrorCode = KnownCode | `UNKNOWN_${number}`;

const KNOWN: ReadonlySet<string> = new Set<string>([...LIBVIRT_CODES, ...BINDING_CODES]);

/** Whether this text is a code. */
export function isLibvirtErrorCode(text: string): text is LibvirtErrorCode {
  return KNOWN.has(text) || /^UNKNOWN_-?\d+$/.test(text);
}

/** What a {@link LibvirtError} is made of. */
export interface LibvirtErrorFields {
  readonly code: LibvirtErrorCode;
  readonly domain: string;
  readonly level: 'warning' | 'error';
  readonly message: string;
  readonly call: string;
  readonly object?: string | undefined;
  readonly cause?: unknown;
}

/** A failed call. Every rejection of this package is one. */
export class LibvirtError extends Error {
  /** Why, as a stable name, e.g. `NO_DOMAIN`. */
  readonly code: LibvirtErrorCode;
  /** Which part of libvirt answered, e.g. `QEMU`; `BINDING` for the binding's own refusals. */
  readonly domain: string;
  readonly level: 'warning' | 'error';
  /** The libvirt function that failed, or the operation that never reached one. */
  readonly call: string;
  /** UUID or name of what the call was about. */
  readonly object: string | undefined;

  constructor(fields: LibvirtErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'LibvirtError';
    this.code = fields.code;
    this.domain = fields.domain;
    this.level = fields.level;
    this.call = fields.call;
    this.object = fields.object;
  }

  /** Whether `error` is one, with this code if one is given. */
  static is(error: unknown, code?: LibvirtErrorCode): error is LibvirtError {
    return error instanceof LibvirtError && (code === undefined || error.code === code);
  }
}
