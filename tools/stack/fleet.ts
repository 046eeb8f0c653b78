import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { hostUser } from '../nats/accounts.ts';
import { layoutOf, type StackLayout } from './layout.ts';
import { SERVICES, serviceEnvironment, type PortName, type ServiceContext } from './services.ts';
import { StackError } from './stack-error.ts';

export const MOST_VMS = 20_000;
const VMS_PER_HOST = 250;
const MOST_HOSTS = 8;
/** Of a VM of the image that holds nothing, with room for some that people add. */
const MIB_PER_VM = 256;
const CPUS = 64;
const FIRST_PORT = 4_120;

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
export function fleetSize(args: readonly string[]): number | undefined {
  const at = args.indexOf('--fleet');
  if (at === -1) return undefined;
  const vms = Number(args[at + 1]);
  if (Number.isInteger(vms) && vms >= 1 && vms <= MOST_VMS) return vms;
  throw new StackError(`--fleet needs the number of VMs, 1 to ${String(MOST_VMS)}`);
}

/** Where a fleet is kept: beside what is real, which it never touches. */
export const fleetLayout = (layout: StackLayout): StackLayout => layoutOf(path.join(layout.stateDir, 'fleet'));

/** The hosts for so many VMs; the same ones at each start, and as many as there were. */
export function prepareFleet(layout: StackLayout, vms: number): Fleet {
  const count = Math.min(MOST_HOSTS, Math.max(2, Math.ceil(vms / VMS_PER_HOST)));
  const ids = furtherIds(path.join(layout.stateDir, 'fleet-hosts.json'), count - 1);
  const names = ['hypervisor-agent', ...ids.map((_, index) => `hypervisor-agent-${String(index + 2)}`)];
  const memoryMib = Math.ceil(vms / names.length) * MIB_PER_VM * 2;
  const hosts = names.map((name, index): FleetHost => {
    const own = index === 0 ? layout : foldersOf(layout, name);
    mkdirSync(own.stateDir, { recursive: true, mode: 0o700 });
    const node = path.join(own.stateDir, 'simulated-host.xml');
    writeFileSync(node, nodeXml(memoryMib));
    return { id: ids[index - 1] ?? null, name, uri: `test://${node}`, layout: own };
  });
  return { vms, hosts };
}

/** What a fleet needs ports for, beside those of every stack. */
export const fleetPorts = (fleet: Fleet | undefined): FleetPorts =>
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

function furtherIds(file: string, atLeast: number): string[] {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : [];
  const ids = [...known, ...Array.from({ length: Math.max(0, atLeast - known.length) }, () => randomUUID())];
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${JSON.stringify(ids)}\n`);
  return ids;
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
