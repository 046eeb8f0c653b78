import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { hostUser } from '../nats/accounts.ts';
import { layoutOf, type StackLayout } from './layout.ts';
import { PREFERRED_PORTS, SERVICES, serviceEnvironment, type PortName, type ServiceContext } from './services.ts';
import { StackError } from './stack-error.ts';

const MOST_VMS = 20_000;
const VMS_PER_HOST = 250;
const MOST_HOSTS = 8;
/** Several times what a VM of the fleet has: people add others. */
const MIB_PER_VM = 512;
const CPUS = 64;
const FIRST_PORT = 4_420;
/** From the ports that a real stack prefers, which may run beside it. */
const PORT_OFFSET = 300;
/** What an operator says of real hosts, and a simulated one must not have. */
const OF_REAL_HOSTS = ['STORAGE_POOLS', 'UPLOAD_URL', 'IMAGE_COPY_URL', 'UPLOAD_ADDRESS', 'UPLOAD_PORT'] as const;

/** One of the hosts of a simulated fleet: an agent on libvirt's test driver, which keeps domains as data and runs none. */
export interface FleetHost {
  /** null: the host that every stack has. */
  readonly id: string | null;
  readonly name: string;
  readonly uri: string;
  /** The stack's own, but for the folders that no two agents share. */
  readonly layout: StackLayout;
}

/** Many VMs to look at the product with, on hosts that are no machines. */
export interface Fleet {
  readonly vms: number;
  readonly hosts: readonly FleetHost[];
}

/** A further host's ports, by what asks for one. */
type FleetPorts = Readonly<Record<string, number>>;

/**
 * How many VMs are asked for; undefined: no fleet.
 * @throws StackError unless it is between 1 and {@link MOST_VMS}
 */
export function fleetSize(said: string | undefined): number | undefined {
  if (said === undefined) return undefined;
  if (/^[1-9]\d*$/u.test(said) && Number(said) <= MOST_VMS) return Number(said);
  throw new StackError(`--fleet needs the number of VMs, 1 to ${String(MOST_VMS)}`);
}

/** Where a fleet is kept: beside what is real, which it never touches, and which does not touch it. */
export const fleetLayout = (layout: StackLayout): StackLayout => layoutOf(`${layout.stateDir}-fleet`);

/** The hosts for so many VMs; the same ones at each start, and as many as there were. */
export function prepareFleet(layout: StackLayout, vms: number): Fleet {
  const count = Math.min(MOST_HOSTS, Math.max(2, Math.ceil(vms / VMS_PER_HOST)));
  const { furtherIds: ids, mostVms } = keepHosts(path.join(layout.stateDir, 'fleet-hosts.json'), count - 1, vms);
  const names = ['hypervisor-agent', ...ids.map((_, index) => `hypervisor-agent-${String(index + 2)}`)];
  const memoryMib = Math.ceil(mostVms / names.length) * MIB_PER_VM;
  const hosts = names.map((name, index): FleetHost => {
    const own = index === 0 ? layout : foldersOf(layout, name);
    mkdirSync(own.stateDir, { recursive: true, mode: 0o700 });
    const node = path.join(own.stateDir, 'simulated-host.xml');
    writeFileSync(node, nodeXml(memoryMib));
    return {
      id: ids[index - 1] ?? null,
      name,
      uri: `test://${encodeURI(node).replace(/[?#]/gu, encodeURIComponent)}`,
      layout: own,
    };
  });
  return { vms, hosts };
}

/** Takes from our environment what would make simulated hosts share folders and addresses with real ones. */
export const forgetRealHosts = (environment: NodeJS.ProcessEnv = process.env): void => {
  for (const name of OF_REAL_HOSTS) Reflect.deleteProperty(environment, name);
};

/** The ports that a stack takes where they are free. */
export const preferredPorts = (fleet: Fleet | undefined): Record<PortName, number> => {
  if (fleet === undefined) return PREFERRED_PORTS;
  const shifted = Object.entries(PREFERRED_PORTS).map(([name, port]) => [name, port + PORT_OFFSET]);
  return { ...(Object.fromEntries(shifted) as Record<PortName, number>), ...fleetPorts(fleet) };
};

/** What a fleet needs ports for, beside those of every stack. */
const fleetPorts = (fleet: Fleet): FleetPorts =>
  Object.fromEntries(
    furtherHosts(fleet).flatMap(({ name }, index) => [
      [name, FIRST_PORT + 2 * index],
      [`${name}-uploads`, FIRST_PORT + 2 * index + 1],
    ]),
  );

/** The hosts that have an id of their own. */
export const furtherHosts = (fleet: Fleet | undefined): (FleetHost & { readonly id: string })[] =>
  (fleet?.hosts ?? []).flatMap((host) => (host.id === null ? [] : [{ ...host, id: host.id }]));

/** Of the agent of a further host. */
export function fleetEnvironment(
  { id, name, uri, layout }: FleetHost & { readonly id: string },
  context: ServiceContext,
  ports: FleetPorts,
): Record<string, string> {
  const entry = SERVICES.find((one) => one.name === 'hypervisor-agent');
  if (entry === undefined) throw new Error('there is no hypervisor-agent');
  const user = hostUser(id);
  const own: Readonly<Record<PortName, number>> = {
    ...context.ports,
    'hypervisor-agent': ports[name] ?? 0,
    uploads: ports[`${name}-uploads`] ?? 0,
  };
  return {
    ...serviceEnvironment(entry, { ...context, layout, libvirtUri: uri, ports: own }),
    HOST_ID: id,
    NATS_USER: user,
    NATS_PASSWORD: context.secrets.natsPasswords[user] ?? '',
  };
}

/** What a fleet was at its largest: its hosts are never less than what they have promised. */
interface KeptHosts {
  readonly furtherIds: readonly string[];
  readonly mostVms: number;
}

/** @throws StackError when what was kept can't be read: with other ids the VMs of before would wait for their hosts for ever */
function keepHosts(file: string, atLeast: number, vms: number): KeptHosts {
  const known = readHosts(file);
  const more = Array.from({ length: Math.max(0, atLeast - known.furtherIds.length) }, () => randomUUID());
  const hosts = { furtherIds: [...known.furtherIds, ...more], mostVms: Math.max(vms, known.mostVms) };
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(hosts)}\n`);
  renameSync(`${file}.new`, file);
  return hosts;
}

function readHosts(file: string): KeptHosts {
  if (!existsSync(file)) return { furtherIds: [], mostVms: 0 };
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KeptHosts;
  } catch (error) {
    throw new StackError(`${file} is damaged: npm run reset -- --fleet`, { cause: error });
  }
}

const foldersOf = (layout: StackLayout, name: string): StackLayout => {
  const stateDir = path.join(layout.stateDir, 'hosts', name);
  const socketDir = path.join(layout.socketDir, name);
  return {
    ...layout,
    stateDir,
    diskDir: path.join(stateDir, 'disks'),
    socketDir,
    agentSocketDir: path.join(socketDir, 'agents'),
    screenSocketDir: path.join(socketDir, 'screens'),
  };
};

/** What the test driver says of a machine that there is not. */
const nodeXml = (memoryMib: number): string =>
  `<node>
  <cpu>
    <mhz>3000</mhz><model>x86_64</model><active>${String(CPUS)}</active>
    <nodes>1</nodes><sockets>1</sockets><cores>${String(CPUS)}</cores><threads>1</threads>
  </cpu>
  <memory>${String(memoryMib * 1_024)}</memory>
</node>
`;
