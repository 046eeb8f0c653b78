import { describe, expect, it } from '@jest/globals';
import { differencesOf, type Ending, type Expected, type Snapshot, type VolumeRow } from './snapshot.ts';

const RUNS = '01900000-0000-7000-8000-000000000001';
const IS_OFF = '01900000-0000-7000-8000-000000000002';
const IS_GONE = '01900000-0000-7000-8000-000000000003';
const ENDINGS = new Map<string, Ending>([
  [RUNS, 'RUNNING'],
  [IS_OFF, 'STOPPED'],
  [IS_GONE, 'GONE'],
]);
const GIB = 1_073_741_824;
const EXPECTED: Expected = {
  endings: ENDINGS,
  kept: new Map([[RUNS, 1]]),
  volumes: new Map([
    ['v', { vmId: RUNS, gib: 1 }],
    ['free', { vmId: null, gib: 2 }],
  ]),
  memoryMib: new Map([
    [RUNS, 256],
    [IS_OFF, 64],
  ]),
};
const WHOLE: Snapshot = {
  vms: new Map([
    [RUNS, { state: 'RUNNING', error: null }],
    [IS_OFF, { state: 'STOPPED', error: null }],
  ]),
  openOperations: [],
  domains: new Map([
    [RUNS, 'running'],
    [IS_OFF, 'off'],
  ]),
  strangeDomains: [],
  disks: [RUNS, IS_OFF],
  strangeFiles: [],
  ports: [RUNS, IS_OFF],
  addresses: ['10.1.0.2', '10.1.0.3'],
  protections: new Map([
    [RUNS, 'APPLIED'],
    [IS_OFF, 'PENDING'],
  ]),
  filters: [RUNS, IS_OFF],
  taps: new Map([[RUNS, ['vnet0']]]),
  filteredTaps: ['vnet0'],
  sockets: [RUNS, IS_OFF],
  screens: [RUNS],
  readySnapshots: [`${RUNS}/a`],
  unreadySnapshots: [],
  heldSnapshots: [`${RUNS}/a`],
  recordedSnapshots: [`${RUNS}/a`],
  volumes: new Map([
    ['v', { state: 'AVAILABLE', attachment: 'ATTACHED', vmId: RUNS, bytes: GIB }],
    ['free', { state: 'AVAILABLE', attachment: null, vmId: null, bytes: 2 * GIB }],
  ]),
  volumeFiles: new Map([
    ['v', GIB],
    ['free', 2 * GIB],
  ]),
  definedVolumes: [`${RUNS}/v`],
  pluggedVolumes: [`${RUNS}/v`],
  memoryMib: new Map([
    [RUNS, { said: 256, defined: 256, live: 256 }],
    [IS_OFF, { said: 64, defined: 64, live: null }],
  ]),
  seeds: [],
  unpublished: new Map([['vms', 0]]),
  toldTwice: [],
};
const found = (change: Partial<Snapshot>, promise?: string): string[] =>
  differencesOf({ ...WHOLE, ...change }, EXPECTED)
    .filter((difference) => promise === undefined || difference.promise === promise)
    .map(({ text }) => text);

const volume = (change: Partial<VolumeRow>): VolumeRow => ({
  state: 'AVAILABLE',
  attachment: 'ATTACHED',
  vmId: RUNS,
  bytes: GIB,
  ...change,
});

describe(differencesOf, () => {
  it('finds nothing where everything is as it must be', () => {
    expect(found({})).toEqual([]);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['a VM that is lost', { vms: new Map([[RUNS, { state: 'RUNNING', error: null }]]) }],
    ['a VM in error', { vms: new Map([...WHOLE.vms, [IS_OFF, { state: 'ERROR', error: 'DISK_MISSING' }]]) }],
    ['a VM that was to go', { vms: new Map([...WHOLE.vms, [IS_GONE, { state: 'DELETING', error: null }]]) }],
    ['a VM that was made twice', { vms: new Map([...WHOLE.vms, ['another', { state: 'RUNNING', error: null }]]) }],
    ['a snapshot that is lost', { readySnapshots: [], heldSnapshots: [], recordedSnapshots: [] }],
    ['an operation that is open', { openOperations: [RUNS] }],
    ['a volume that is lost', { volumes: new Map([...WHOLE.volumes].slice(1)) }],
    ['a volume that was made twice', { volumes: new Map([...WHOLE.volumes, ['again', volume({})]]) }],
    ['a volume that is not made', { volumes: new Map([...WHOLE.volumes, ['v', volume({ state: 'CREATING' })]]) }],
    ['a volume half attached', { volumes: new Map([...WHOLE.volumes, ['v', volume({ attachment: 'ATTACHING' })]]) }],
    ['a volume of another VM', { volumes: new Map([...WHOLE.volumes, ['v', volume({ vmId: IS_OFF })]]) }],
    ['a volume of another size', { volumes: new Map([...WHOLE.volumes, ['v', volume({ bytes: 2 * GIB })]]) }],
    [
      'a size that was not taken',
      { memoryMib: new Map([...WHOLE.memoryMib, [IS_OFF, { said: 128, defined: 64, live: null }]]) },
    ],
  ])('breaks convergence by %s', (_what, change) => {
    expect(found(change, 'converged')).toHaveLength(1);
  });

  it.each<[string, Partial<Snapshot>]>([
    ['a snapshot that its disk does not hold', { heldSnapshots: [] }],
    ['a snapshot that its disk holds twice', { heldSnapshots: [`${RUNS}/a`, `${RUNS}/a`] }],
    ['a snapshot that was left in a disk', { heldSnapshots: [`${RUNS}/a`, `${IS_OFF}/b`] }],
    ['a snapshot that libvirt does not know', { recordedSnapshots: [] }],
    ['a snapshot that libvirt alone knows', { recordedSnapshots: [`${RUNS}/a`, `${RUNS}/b`] }],
    ['a snapshot that is never ready', { unreadySnapshots: [`${IS_OFF}/b`] }],
    ['a domain that is missing', { domains: new Map([[RUNS, 'running']]) }],
    ['a domain of a VM that is gone', { domains: new Map([...WHOLE.domains, [IS_GONE, 'off']]) }],
    ['a domain of nobody', { domains: new Map([...WHOLE.domains, ['another', 'off']]) }],
    ['a domain with a strange name', { strangeDomains: ['vm-x'] }],
    ['a guest that is off', { domains: new Map([...WHOLE.domains, [RUNS, 'off']]) }],
    ['a guest that runs on', { domains: new Map([...WHOLE.domains, [IS_OFF, 'running']]) }],
    ['a disk that is missing', { disks: [RUNS] }],
    ['a disk that was left', { disks: [...WHOLE.disks, IS_GONE] }],
    ['half a disk', { strangeFiles: ['vm-x.qcow2.new'] }],
    ['a port that is missing', { ports: [RUNS] }],
    ['a port that was left', { ports: [...WHOLE.ports, IS_GONE] }],
    ['a second port', { ports: [...WHOLE.ports, RUNS] }],
    ['an address of two', { addresses: ['10.1.0.2', '10.1.0.2'] }],
    ['a protection that was left', { protections: new Map([...WHOLE.protections, [IS_GONE, 'PENDING']]) }],
    ['a filter that is not applied', { protections: new Map([...WHOLE.protections, [RUNS, 'DRIFTED']]) }],
    ['a filter that is missing', { filters: [RUNS] }],
    ['a filter that was left', { filters: [...WHOLE.filters, IS_GONE] }],
    ['a second card', { taps: new Map([[RUNS, ['vnet0', 'vnet1']]]), filteredTaps: ['vnet0', 'vnet1'] }],
    ['a guest without its filter in the kernel', { filteredTaps: [] }],
    ['rules of a guest that is off', { filteredTaps: ['vnet0', 'vnet7'] }],
    ['a folder of sockets that was left', { sockets: [...WHOLE.sockets, IS_GONE] }],
    ['a folder of sockets that is missing', { sockets: [RUNS] }],
    ['a volume without its file', { volumeFiles: new Map([['v', GIB]]) }],
    ['the file of a volume that is gone', { volumeFiles: new Map([...WHOLE.volumeFiles, ['again', GIB]]) }],
    ['a file that was not grown', { volumeFiles: new Map([...WHOLE.volumeFiles, ['free', GIB]]) }],
    ['a volume that is not defined', { definedVolumes: [] }],
    ['a volume that is defined still', { definedVolumes: [`${RUNS}/v`, `${IS_OFF}/free`] }],
    ['a volume that the guest has not', { pluggedVolumes: [] }],
    ['a volume that the guest has still', { pluggedVolumes: [`${RUNS}/v`, `${RUNS}/free`] }],
    [
      'a definition of another size',
      { memoryMib: new Map([...WHOLE.memoryMib, [IS_OFF, { said: 64, defined: 128, live: null }]]) },
    ],
    [
      'a guest of another size',
      { memoryMib: new Map([...WHOLE.memoryMib, [RUNS, { said: 256, defined: 256, live: 192 }]]) },
    ],
    ['a seed that was left', { seeds: [IS_GONE] }],
    ['a guest without its screen', { screens: [] }],
    ['a screen of a guest that is off', { screens: [RUNS, IS_OFF] }],
    ['events that wait', { unpublished: new Map([['networks', 2]]) }],
    ['a creation that was told twice', { toldTwice: ['x.vm.created'] }],
  ])('is not clean with %s', (_what, change) => {
    expect(found(change, 'clean')).toHaveLength(1);
    expect(found(change, 'converged')).toEqual([]);
  });

  it('is not clean with a guest that has no tap', () => {
    expect(found({ taps: new Map(), filteredTaps: [] })).toHaveLength(1);
  });
});
