import { PLAIN_HARDWARE, type VmHardware, type VmNic, type VmSpec } from '@infinibay/contracts';
import { MACHINE_NAMES, boardDevices, cpuElement, featuresElement, osElement } from './hardware-xml.js';
import { domainName } from './names.js';
import { guestNodes, sizeElements, type TunedVm } from './tuning-xml.js';
import { element, renderXml, type XmlElement } from './xml-element.js';

/** What the host adds to a VM's specification. */
export interface DomainHostContext {
  readonly virtType: 'kvm' | 'qemu' | 'test';
  /** Absolute path of the qcow2 disk. */
  readonly diskPath: string;
  /** Where QEMU listens for the reader of the guest's agent; at most 107 bytes. */
  readonly agentSocketPath: string;
  /** Where QEMU listens for who shows the screen, by VNC; at most 107 bytes. There is no other way to the screen. */
  readonly screenSocketPath: string;
  /** The serial console goes to this file; to a pseudo-terminal when left out. */
  readonly consoleLogPath?: string | undefined;
  /** What it is made of; as every VM always was when left out: `pc` boots a BIOS disk fastest under software emulation. */
  readonly hardware?: VmHardware | undefined;
  /** Which memory and CPUs of the host it has, with all of its sizes; whatever the host gives it when left out. */
  readonly tuned?: TunedVm | undefined;
  /** Machine type, in place of the newest of its board. */
  readonly machine?: string | undefined;
  /** Absolute path of the variables of UEFI, which libvirt makes at the first start; only with such a firmware. */
  readonly variablesPath?: string | undefined;
  readonly emulator?: string | undefined;
  /** Generation of the worker that defined the domain. */
  readonly fence: number;
}

export const METADATA_NAMESPACE = 'https://infinibay.org/libvirt/vm/1';
/** Name of the virtio-serial port that the guest's agent opens. */
export const AGENT_PORT_NAME = 'org.infinibay.agent';
const BALLOON_PERIOD_SECONDS = 5;
/** libvirt's own choice: enough for 2560x1600 in true colour. The host gives it as the guest touches it. */
const VIDEO_MEMORY_KIB = 16_384;

/** The domain of a VM: its UUID is the VM's id, its name derives from it, the display name is only a title. */
export const domainXml = (spec: VmSpec, host: DomainHostContext): string =>
  renderXml(
    element(
      'domain',
      { type: host.virtType },
      element('name', {}, domainName(spec.vmId)),
      element('uuid', {}, spec.vmId),
      element('title', {}, titleOf(spec)),
      metadata(spec, host.fence),
      ...sizeElements(spec, host.tuned),
      ...(host.virtType === 'test' ? testDriverBody(spec, host) : qemuBody(spec, host)),
    ),
  );

/** libvirt refuses a title with a line break. */
const titleOf = (spec: VmSpec): string => spec.name.replace(/\s+/gu, ' ').trim() || domainName(spec.vmId);

const metadata = (spec: VmSpec, fence: number): XmlElement =>
  element(
    'metadata',
    {},
    element('infinibay:vm', { 'xmlns:infinibay': METADATA_NAMESPACE, departmentId: spec.departmentId, fence }),
  );

const testDriverBody = (spec: VmSpec, host: DomainHostContext): XmlElement[] => [
  element('os', {}, element('type', {}, 'hvm')),
  ...lifecycle(),
  element('devices', {}, disk(host.diskPath), ...spec.nics.map((nic) => networkCard(nic, null, NO_BOOT_CODE))),
];

const qemuBody = (spec: VmSpec, host: DomainHostContext): XmlElement[] => {
  const { hardware = PLAIN_HARDWARE, virtType, variablesPath } = host;
  const cpu = cpuElement(hardware, virtType, guestNodes(host.tuned));
  return [
    osElement({ hardware, machine: host.machine ?? MACHINE_NAMES[hardware.machine], variablesPath }),
    featuresElement(hardware),
    ...(cpu === undefined ? [] : [cpu]),
    element('clock', { offset: 'utc' }),
    ...lifecycle(),
    element('pm', {}, element('suspend-to-mem', { enabled: 'no' }), element('suspend-to-disk', { enabled: 'no' })),
    element('devices', {}, ...qemuDevices(spec, host, hardware)),
  ];
};

const lifecycle = (): XmlElement[] => [
  element('on_poweroff', {}, 'destroy'),
  element('on_reboot', {}, 'restart'),
  element('on_crash', {}, 'destroy'),
];

const qemuDevices = (spec: VmSpec, host: DomainHostContext, hardware: VmHardware): XmlElement[] => [
  ...(host.emulator === undefined ? [] : [element('emulator', {}, host.emulator)]),
  disk(host.diskPath),
  ...boardDevices(hardware),
  element('controller', { type: 'usb', model: 'none' }),
  element('controller', { type: 'virtio-serial', index: 0 }),
  ...spec.nics.map((nic) =>
    networkCard(nic, spec.filterName, ...(hardware.bootOrder.includes('NETWORK') ? [] : [NO_BOOT_CODE])),
  ),
  element(
    'channel',
    { type: 'unix' },
    element('source', { mode: 'bind', path: host.agentSocketPath }),
    element('target', { type: 'virtio', name: AGENT_PORT_NAME }),
  ),
  serialConsole(host.consoleLogPath),
  ...screen(host.screenSocketPath),
  element('rng', { model: 'virtio' }, element('backend', { model: 'random' }, '/dev/urandom'), inScreenSlot(2)),
  element('memballoon', { model: 'virtio' }, element('stats', { period: BALLOON_PERIOD_SECONDS }), inScreenSlot(3)),
];

const disk = (path: string): XmlElement =>
  element(
    'disk',
    { type: 'file', device: 'disk' },
    element('driver', { name: 'qemu', type: 'qcow2', discard: 'unmap' }),
    element('source', { file: path }),
    element('target', { dev: 'vda', bus: 'virtio' }),
  );

const serialConsole = (logPath: string | undefined): XmlElement =>
  element(
    'serial',
    { type: logPath === undefined ? 'pty' : 'file' },
    logPath === undefined ? undefined : element('source', { path: logPath }),
    element('target', { port: 0 }),
  );

/**
 * A screen that every BIOS, boot loader and system can draw on, and a pointer that is where the viewer's is: a virtio
 * tablet, which needs no USB controller. A guest without a driver for it has the PS/2 mouse. QEMU listens on the socket alone,
 * and lets no viewer throw out the others.
 */
const screen = (socketPath: string): XmlElement[] => [
  element('input', { type: 'tablet', bus: 'virtio' }, inScreenSlot(1)),
  element(
    'graphics',
    { type: 'vnc', sharePolicy: 'force-shared' },
    element('listen', { type: 'socket', socket: socketPath }),
  ),
  element(
    'video',
    {},
    element('model', { type: 'vga', vram: VIDEO_MEMORY_KIB, heads: 1, primary: 'yes' }),
    inScreenSlot(0),
  ),
];

/**
 * Screen, tablet, random numbers and balloon share one slot at the end of the bus. Cards and the disk keep the slots, and
 * so guests the names, that they had before VMs had a screen; and 25 volumes find a slot each beside a card.
 */
const inScreenSlot = (fn: number): XmlElement =>
  element('address', {
    type: 'pci',
    domain: '0x0000',
    bus: '0x00',
    slot: '0x1e',
    function: `0x${String(fn)}`,
    multifunction: fn === 0 ? 'on' : undefined,
  });

/** Only where somebody boots from the network a card has an option ROM: loading it costs seconds under software emulation. */
export const NO_BOOT_CODE = element('rom', { enabled: 'no' });

/**
 * The addresses are always given to the filter: one that has to learn them installs no rule until it has.
 * @param more of a card that has more than its place among the others
 */
export const networkCard = (nic: VmNic, filterName: string | null, ...more: readonly XmlElement[]): XmlElement =>
  element(
    'interface',
    { type: 'network' },
    element('mac', { address: nic.mac }),
    element('source', { network: nic.networkName }),
    element('model', { type: 'virtio' }),
    filterName === null
      ? undefined
      : element(
          'filterref',
          { filter: filterName },
          element('parameter', { name: 'IP', value: nic.address }),
          element('parameter', { name: 'MAC', value: nic.mac }),
        ),
    ...more,
  );
