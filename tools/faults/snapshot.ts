/** What there is of VMs at one moment, each set read from where it is and not from what we say of it. */
export interface Snapshot {
  /** Rows of the service vms that are not deleted. */
  readonly vms: ReadonlyMap<string, { readonly state: string; readonly error: string | null }>;
  /** VMs with an operation that has not ended. */
  readonly openOperations: readonly string[];
  /** Domains of ours that libvirt knows, by VM; whether each runs, stands still or is off. */
  readonly domains: ReadonlyMap<string, DomainPower>;
  /** libvirt's names of domains that have our prefix and are no VM's. */
  readonly strangeDomains: readonly string[];
  /** VMs whose disk is in the folder of disks. */
  readonly disks: readonly string[];
  /** Files there that are neither a disk nor the mark of the storage. */
  readonly strangeFiles: readonly string[];
  /** VMs of the ports that the service networks keeps, one entry for each port. */
  readonly ports: readonly string[];
  readonly addresses: readonly string[];
  /** VMs that the service firewall protects, and what it says of each. */
  readonly protections: ReadonlyMap<string, string>;
  /** VMs whose filter libvirt has. */
  readonly filters: readonly string[];
  /** Taps of running domains, by VM. */
  readonly taps: ReadonlyMap<string, readonly string[]>;
  /** Taps that have chains of a filter in the kernel. */
  readonly filteredTaps: readonly string[];
  /** VMs with a folder for the socket of their agent. */
  readonly sockets: readonly string[];
  /** VMs with a socket of their screen. */
  readonly screens: readonly string[];
  /** Snapshots of VMs, each as `vm/snapshot`: that the service vms says are ready, that are in whatever other state … */
  readonly readySnapshots: readonly string[];
  readonly unreadySnapshots: readonly string[];
  /** … that the disks hold, and that libvirt has on record. */
  readonly heldSnapshots: readonly string[];
  readonly recordedSnapshots: readonly string[];
  /** Data volumes that are not deleted. */
  readonly volumes: ReadonlyMap<string, VolumeRow>;
  /** Volumes whose file is in the folder of disks, and bytes that a guest sees of each. */
  readonly volumeFiles: ReadonlyMap<string, number>;
  /** Volumes in the definitions of domains and in those that run, each as `vm/volume`. */
  readonly definedVolumes: readonly string[];
  readonly pluggedVolumes: readonly string[];
  /** Memory of each VM in MiB: what the service vms says, and the definition, and the running domain. */
  readonly memoryMib: ReadonlyMap<string, Memory>;
  /** Seeds for cloud-init in the folder of disks, by VM. */
  readonly seeds: readonly string[];
  /** Events that were committed and not published, by service. */
  readonly unpublished: ReadonlyMap<string, number>;
  /** Subjects of what happens once to a VM, that the outbox has more than once. */
  readonly toldTwice: readonly string[];
}

export interface VolumeRow {
  readonly state: string;
  readonly attachment: string | null;
  readonly vmId: string | null;
  readonly bytes: number;
}

export interface Memory {
  readonly said: number | null;
  readonly defined: number | null;
  readonly live: number | null;
}

/** What was asked for so far. */
export interface Expected {
  readonly endings: ReadonlyMap<string, Ending>;
  /** How many snapshots a VM shall have. */
  readonly kept: ReadonlyMap<string, number>;
  /** The volumes that there shall be. */
  readonly volumes: ReadonlyMap<string, { readonly vmId: string | null; readonly gib: number }>;
  /** Of VMs that were given another size. */
  readonly memoryMib: ReadonlyMap<string, number>;
}

export type DomainPower = 'running' | 'paused' | 'off';

/** How a VM shall end; GONE: nothing of it is left. */
export type Ending = 'RUNNING' | 'PAUSED' | 'STOPPED' | 'GONE';

/** Which promise a difference breaks: 'converged' is about VMs and operations, 'clean' about all that they leave. */
export interface Difference {
  readonly promise: 'converged' | 'clean';
  readonly text: string;
}

const POWER: Readonly<Record<Exclude<Ending, 'GONE'>, DomainPower>> = {
  RUNNING: 'running',
  PAUSED: 'paused',
  STOPPED: 'off',
};

const short = (vmId: string): string => vmId.slice(-12);

/** VMs of which one set has too little, too much or more than one. */
const unequal = (what: string, found: readonly string[], wanted: ReadonlySet<string>): Difference[] => {
  const seen = new Set(found);
  const twice = found.filter((one, index) => found.indexOf(one) !== index);
  return [
    ...[...wanted].filter((one) => !seen.has(one)).map((one) => `${what} of ${short(one)} is missing`),
    ...[...seen].filter((one) => !wanted.has(one)).map((one) => `${what} of ${short(one)} was left behind`),
    ...twice.map((one) => `${what} of ${short(one)} is there more than once`),
  ].map((text) => ({ promise: 'clean', text }));
};

const stateDifferences = ({ vms, openOperations }: Snapshot, endings: ReadonlyMap<string, Ending>): Difference[] => [
  ...[...endings].flatMap(([vmId, ending]): Difference[] => {
    const row = vms.get(vmId);
    const state = row?.state ?? 'GONE';
    const why = row?.error === null || row === undefined ? '' : ` (${row.error})`;
    return state === ending ? [] : [{ promise: 'converged', text: `${short(vmId)} is ${state}${why}, not ${ending}` }];
  }),
  ...[...vms.keys()]
    .filter((vmId) => !endings.has(vmId))
    .map((vmId): Difference => ({ promise: 'converged', text: `${short(vmId)} is a VM that nobody asked for` })),
  ...openOperations.map((vmId): Difference => ({
    promise: 'converged',
    text: `an operation on ${short(vmId)} is still open`,
  })),
];

const domainDifferences = ({ domains, strangeDomains }: Snapshot, endings: ReadonlyMap<string, Ending>): Difference[] =>
  [
    ...[...endings].flatMap(([vmId, ending]) => {
      const power = domains.get(vmId);
      if (ending === 'GONE') return power === undefined ? [] : [`the domain of ${short(vmId)} was left behind`];
      if (power === undefined) return [`the domain of ${short(vmId)} is missing`];
      return power === POWER[ending] ? [] : [`the domain of ${short(vmId)} is ${power}, not ${POWER[ending]}`];
    }),
    ...[...domains.keys()].filter((vmId) => !endings.has(vmId)).map((vmId) => `there is a domain ${short(vmId)}`),
    ...strangeDomains.map((name) => `there is a domain ${name}`),
  ].map((text) => ({ promise: 'clean', text }));

/** No guest runs without its filter, and no filter stays in the kernel for a tap that is gone. */
const kernelDifferences = ({ taps, filteredTaps, protections }: Snapshot): Difference[] => {
  const running = [...taps.values()].flat();
  return [
    ...running.filter((tap) => !filteredTaps.includes(tap)).map((tap) => `${tap} runs without a filter in the kernel`),
    ...filteredTaps.filter((tap) => !running.includes(tap)).map((tap) => `the kernel still filters ${tap}`),
    ...[...taps]
      .filter(([, names]) => names.length !== 1)
      .map(([vmId, { length }]) => `${short(vmId)} has ${String(length)} taps`),
    ...[...taps.keys()]
      .filter((vmId) => protections.get(vmId) !== 'APPLIED')
      .map((vmId) => `the filter of ${short(vmId)} is ${protections.get(vmId) ?? 'unknown'}`),
  ].map((text) => ({ promise: 'clean', text }));
};

/** What the service says, the disks hold and libvirt knows is one set, of as many as were asked for. */
const snapshotDifferences = (snapshot: Snapshot, kept: ReadonlyMap<string, number>): Difference[] => {
  const { readySnapshots, unreadySnapshots, heldSnapshots, recordedSnapshots } = snapshot;
  const ready = new Set(readySnapshots);
  const of = (vmId: string): number => readySnapshots.filter((one) => one.startsWith(vmId)).length;
  return [
    ...unequal('the snapshot in the disk', heldSnapshots, ready),
    ...unequal("libvirt's record of the snapshot", recordedSnapshots, ready),
    ...unreadySnapshots.map((one): Difference => ({
      promise: 'clean',
      text: `the snapshot ${short(one)} is not ready`,
    })),
    ...[...kept]
      .filter(([vmId, count]) => of(vmId) !== count)
      .map(([vmId, count]): Difference => {
        const text = `${short(vmId)} has ${String(of(vmId))} snapshots, not ${String(count)}`;
        return { promise: 'converged', text };
      }),
  ];
};

const GIB = 1_073_741_824;

/** What the service says of volumes, the folder has, and domains have is what was asked for. */
const volumeDifferences = (
  { volumes, volumeFiles, definedVolumes, pluggedVolumes }: Snapshot,
  wanted: Expected['volumes'],
  running: ReadonlySet<string>,
): Difference[] => {
  const attached = [...wanted].flatMap(([id, { vmId }]) => (vmId === null ? [] : [`${vmId}/${id}`]));
  const wrongSize = [...wanted].filter(([id, { gib }]) => (volumeFiles.get(id) ?? gib * GIB) !== gib * GIB);
  return [
    ...[...wanted].flatMap(([id, { vmId, gib }]): Difference[] => {
      const row = volumes.get(id);
      const [is, shall] = [
        row === undefined
          ? 'gone'
          : `${row.state} ${row.attachment ?? 'free'} ${String(row.vmId)} ${String(row.bytes)}`,
        `AVAILABLE ${vmId === null ? 'free' : 'ATTACHED'} ${String(vmId)} ${String(gib * GIB)}`,
      ];
      return is === shall ? [] : [{ promise: 'converged', text: `the volume ${short(id)} is ${is}, not ${shall}` }];
    }),
    ...[...volumes.keys()]
      .filter((id) => !wanted.has(id))
      .map((id): Difference => ({
        promise: 'converged',
        text: `the volume ${short(id)} is one that nobody asked for`,
      })),
    ...unequal('the file of the volume', [...volumeFiles.keys()], new Set(wanted.keys())),
    ...wrongSize.map(([id]): Difference => ({ promise: 'clean', text: `the file of ${short(id)} has another size` })),
    ...unequal('the definition of the volume', definedVolumes, new Set(attached)),
    ...unequal(
      'the plug of the volume',
      pluggedVolumes,
      new Set(attached.filter((one) => running.has(one.split('/')[0] ?? ''))),
    ),
  ];
};

const memoryDifferences = (
  { memoryMib }: Snapshot,
  wanted: Expected['memoryMib'],
  running: ReadonlySet<string>,
): Difference[] =>
  [...wanted].flatMap(([vmId, mib]): Difference[] => {
    const { said = null, defined = null, live = null } = memoryMib.get(vmId) ?? {};
    const differs = (what: string, is: number | null) => `${short(vmId)} ${what} ${String(is)} MiB, not ${String(mib)}`;
    return [
      ...(said === mib ? [] : [{ promise: 'converged' as const, text: differs('has by the service', said) }]),
      ...(defined === mib ? [] : [{ promise: 'clean' as const, text: differs('is defined with', defined) }]),
      ...(live === mib || !running.has(vmId) ? [] : [{ promise: 'clean' as const, text: differs('runs with', live) }]),
    ];
  });

/** Everything that is not as it must be when the VMs have ended as they shall; empty: every promise is kept. */
export const differencesOf = (snapshot: Snapshot, { endings, kept, volumes, memoryMib }: Expected): Difference[] => {
  const living = new Set([...endings].filter(([, ending]) => ending !== 'GONE').map(([vmId]) => vmId));
  const running = new Set(
    [...endings].filter(([, ending]) => ending === 'RUNNING' || ending === 'PAUSED').map(([vmId]) => vmId),
  );
  const twice = snapshot.addresses.filter((one, index) => snapshot.addresses.indexOf(one) !== index);
  return [
    ...stateDifferences(snapshot, endings),
    ...domainDifferences(snapshot, endings),
    ...unequal('the disk', snapshot.disks, living),
    ...unequal('the port', snapshot.ports, living),
    ...unequal('the protection', [...snapshot.protections.keys()], living),
    ...unequal('the filter in libvirt', snapshot.filters, living),
    ...unequal('the tap', [...snapshot.taps.keys()], running),
    ...unequal('the folder of sockets', snapshot.sockets, living),
    ...unequal('the screen', snapshot.screens, running),
    ...kernelDifferences(snapshot),
    ...snapshotDifferences(snapshot, kept),
    ...volumeDifferences(snapshot, volumes, running),
    ...memoryDifferences(snapshot, memoryMib, running),
    ...[
      ...snapshot.seeds.map((vmId) => `there is a seed of ${short(vmId)}, which has no cloud-init`),
      ...snapshot.strangeFiles.map((name) => `the file ${name} was left behind`),
      ...twice.map((address) => `the address ${address} is given twice`),
      ...[...snapshot.unpublished]
        .filter(([, count]) => count > 0)
        .map(([service, count]) => `${service} has ${String(count)} events to publish`),
      ...snapshot.toldTwice.map((subject) => `${subject} was told more than once`),
    ].map((text): Difference => ({ promise: 'clean', text })),
  ];
};
