import { DomainError } from '@infinibay/contracts';
import { LibvirtError, type LibvirtErrorCode } from '@infinibay/libvirt';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';

/** Whether guests run with KVM on this host: found out by running one. */
export interface Acceleration {
  readonly works: boolean;
  /** Why not; null when it works. */
  readonly reason: string | null;
  /** When it was found out, RFC 3339. */
  readonly checkedAt: string;
}

/**
 * libvirt's answers that mean that a guest of this kind doesn't run here. Any other failure (no answer in time, a domain
 * that hangs, no memory at the moment) says nothing of KVM.
 */
const WILL_NOT_RUN: ReadonlySet<LibvirtErrorCode> = new Set([
  'INTERNAL_ERROR',
  'OPERATION_FAILED',
  'OPERATION_UNSUPPORTED',
  'INVALID_ARG',
  'NO_SUPPORT',
  'CONFIG_UNSUPPORTED',
  'ARGUMENT_UNSUPPORTED',
  'CPU_INCOMPATIBLE',
]);

const LONGEST_TEXT = 400;

/** Whether a failure is an answer: a guest of this kind doesn't run here. */
export const isRefusal = (error: unknown): boolean => {
  const code = libvirtCodeOf(error);
  return code !== undefined && WILL_NOT_RUN.has(code);
};

/** What failed, in one line. */
export const textOfFailure = (error: unknown): string => {
  const cause = error instanceof DomainError ? (error.cause ?? error) : error;
  const text = cause instanceof LibvirtError || cause instanceof DomainError ? cause.message : String(cause);
  return text.replace(/\s+/g, ' ').trim().slice(0, LONGEST_TEXT);
};

/** What is known of KVM: a result holds until the next one, whatever fails between. */
export class KvmFindings {
  private known: Acceleration | undefined;

  /** undefined before the first check has ended. */
  get current(): Acceleration | undefined {
    return this.known;
  }

  /**
   * @param reason why it doesn't work; undefined: it works
   * @param checkedAt when that was found out, RFC 3339; now when left out
   */
  found(reason: string | undefined, checkedAt = new Date().toISOString()): Acceleration {
    this.known = { works: reason === undefined, reason: reason ?? null, checkedAt };
    return this.known;
  }

  /**
   * A check that found nothing out. Where nothing was known guests are emulated meanwhile: that works everywhere.
   * @returns what holds; undefined while libvirt is away, for then no guest is started either
   */
  notFound(error: unknown): Acceleration | undefined {
    if (error instanceof DomainError && error.code === 'HOST_UNAVAILABLE') return this.known;
    return this.known ?? this.found(`not found out yet: ${textOfFailure(error)}`);
  }
}
