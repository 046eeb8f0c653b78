import { guestImageFiles } from '../guest-image/build.ts';
import { missingForLibvirtd } from './libvirtd.ts';
import { StackError } from './stack-error.ts';

export interface HypervisorChoice {
  /** qemu: guests run, in a libvirtd of our own. test: libvirt's built-in test driver, no guest runs. */
  readonly kind: 'qemu' | 'test';
  /** Why, for the operator. */
  readonly reason: string;
}

function missingForQemu(): string[] {
  const image = guestImageFiles() === undefined ? ['the guest image'] : [];
  return [...missingForLibvirtd(), ...image];
}

/** Follows INFINIBAY_HYPERVISOR (auto, qemu or test). */
export function chooseHypervisor(
  setting: string | undefined,
  missing: readonly string[] = setting === 'test' ? [] : missingForQemu(),
): HypervisorChoice {
  if (setting === 'test') return { kind: 'test', reason: 'INFINIBAY_HYPERVISOR=test' };
  if (setting !== undefined && setting !== 'auto' && setting !== 'qemu')
    throw new StackError(`INFINIBAY_HYPERVISOR is "${setting}"; it may be auto, qemu or test`);
  if (missing.length === 0) return { kind: 'qemu', reason: 'libvirt and QEMU are here' };
  if (setting === 'qemu') throw new StackError(`INFINIBAY_HYPERVISOR=qemu needs: ${missing.join(', ')}`);
  return { kind: 'test', reason: `QEMU can't be used here, missing: ${missing.join(', ')}` };
}
