import { element, renderXml } from './xml-element.js';

/** What a guest is made of that only proves that guests run. */
export interface ProbeGuest {
  readonly virtType: 'kvm' | 'qemu';
  readonly hostId: string;
  readonly uuid: string;
  /** Absolute path of the kernel, for QEMU to read. */
  readonly kernelPath: string;
}

const MEMORY_MIB = 32;

/** One name per host, so that what a killed agent left is found; never that of a VM (see `vmIdOfDomain`). */
export const probeDomainName = (hostId: string): string => `infinibay-probe-${hostId}`;

/**
 * A guest without disk, card or screen that powers itself off. It has the CPU that guests get, for that is what fails
 * on some hosts. A reset starts it again, so a guest that dies at once isn't taken for one that came to its end.
 */
export const probeXml = ({ virtType, hostId, uuid, kernelPath }: ProbeGuest): string =>
  renderXml(
    element(
      'domain',
      { type: virtType },
      element('name', {}, probeDomainName(hostId)),
      element('uuid', {}, uuid),
      element('memory', { unit: 'MiB' }, String(MEMORY_MIB)),
      element('vcpu', {}, '1'),
      element('os', {}, element('type', { arch: 'x86_64', machine: 'pc' }, 'hvm'), element('kernel', {}, kernelPath)),
      element('features', {}, element('acpi'), element('apic')),
      ...(virtType === 'kvm' ? [element('cpu', { mode: 'host-passthrough', migratable: 'on' })] : []),
      element('on_poweroff', {}, 'destroy'),
      element('on_reboot', {}, 'restart'),
      element('on_crash', {}, 'destroy'),
      element(
        'devices',
        {},
        element('controller', { type: 'usb', model: 'none' }),
        element('memballoon', { model: 'none' }),
      ),
    ),
  );
