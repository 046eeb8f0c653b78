import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import {
  NOT_TUNED,
  PLAIN_HARDWARE,
  defineMachine,
  defineTunedMachine,
  defineVm,
  ensureDisk,
  ensureFilter,
  ensureNetwork,
  forceOffVm,
  inspectFilter,
  removeDisk,
  removeFilter,
  removeNetwork,
  startVm,
  undefineVm,
  verifyFilter,
  type CompiledRule,
  type FilterSpec,
  type NetworkSpec,
  type VmHardware,
  type VmSizes,
  type VmSpec,
  type VmTuning,
} from '@infinibay/contracts';
import type { TestHypervisor } from '@infinibay/testing';
import { RunningAgent, agentFolders, writeImage, type AgentFolders } from '../agent.fixture.js';

const run = promisify(execFile);
const MIB = 1_048_576;

export const filterRule = (changes: Partial<CompiledRule>): CompiledRule => ({
  direction: 'IN',
  action: 'ACCEPT',
  protocol: 'TCP',
  portFrom: null,
  portTo: null,
  remoteCidr: null,
  priority: 0,
  ...changes,
});

/** Of UDP, by the rules of every kind, for a neighbour. */
export const OPEN_PORT = 85;
export const CLOSED_PORT = 8080;

/** Rules of every kind. */
export const RULES_OF_EVERY_KIND: readonly CompiledRule[] = [
  filterRule({ portFrom: 22, portTo: 22 }),
  filterRule({ protocol: 'UDP', portFrom: 80, portTo: 90, remoteCidr: '10.0.0.0/8' }),
  filterRule({ action: 'DROP', protocol: 'ICMP' }),
  filterRule({ action: 'REJECT', direction: 'OUT', remoteCidr: '10.1.2.3/32' }),
  filterRule({ direction: 'OUT', protocol: 'ANY', priority: 999 }),
  filterRule({ action: 'DROP', protocol: 'ANY', priority: 1_000 }),
];

/** An agent with one network and one guest, whose card and rules are there though nothing runs in it. */
export class FilteredGuest {
  readonly vmId = randomUUID();
  readonly mac = '52:54:00:aa:bc:01';
  readonly address = '10.99.9.10';
  readonly spec: FilterSpec = { vmId: this.vmId, revision: 7, rules: [...RULES_OF_EVERY_KIND] };
  private readonly networkId = randomUUID();
  private readonly networkName = `ibt-${this.networkId.slice(0, 8)}`;
  readonly bridge = `ibt${this.networkId.slice(0, 8)}`;

  private constructor(
    readonly at: TestHypervisor,
    readonly agent: RunningAgent,
    readonly folders: AgentFolders,
    private readonly imageId: string,
  ) {}

  static async start(at: TestHypervisor, environment: Readonly<Record<string, string>> = {}): Promise<FilteredGuest> {
    const folders = agentFolders();
    const file = join(folders.state, 'empty.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
    const { imageId } = writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB });
    const agent = await RunningAgent.start({
      LIBVIRT_URI: at.uri,
      LIBVIRT_VIRT_TYPE: 'qemu',
      AGENT_SOCKET_DIR: at.agentSocketDir,
      SCREEN_SOCKET_DIR: at.screenSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: at.diskDir,
      STATE_DIR: folders.state,
      NETNS: at.networkNamespace,
      // What is broken in a filter's tests is mended by filters alone: the watch of networks gives taps their names too.
      NETWORK_CHECK_INTERVAL_MS: '3600000',
      ...environment,
    });
    const guest = new FilteredGuest(at, agent, folders, imageId);
    await guest.define();
    return guest;
  }

  boot(): Promise<unknown> {
    return this.agent.call(startVm, { vmId: this.vmId, fence: 1 });
  }

  /** Defines it anew, of this hardware; what runs is not touched. */
  async remake(hardware: VmHardware): Promise<void> {
    await this.agent.call(defineMachine, { fence: 1, spec: this.vmSpec(), hardware });
  }

  /** The same with this memory and these CPUs of the host, so large. */
  async retune(tuning: Partial<VmTuning>, sizes: VmSizes): Promise<void> {
    const { vcpus, memoryMib } = sizes;
    const spec = { ...this.vmSpec(), vcpus, memoryMib };
    const asked = { fence: 1, spec, hardware: PLAIN_HARDWARE, tuning: { ...NOT_TUNED, ...tuning }, sizes };
    await this.agent.call(defineTunedMachine, asked);
  }

  verify() {
    return this.agent.call(verifyFilter, { spec: this.spec });
  }

  repair() {
    return this.agent.call(ensureFilter, { spec: this.spec });
  }

  /** The rules that libvirt made for the guest and those that lead to them, as their programs print them. */
  async kernelRules(): Promise<string[]> {
    const { interfaces } = await this.agent.call(inspectFilter, { vmId: this.vmId });
    return interfaces.flatMap((card) => card.kernelRules);
  }

  async device(): Promise<string> {
    return (await this.agent.call(inspectFilter, { vmId: this.vmId })).interfaces[0]?.device ?? '';
  }

  /** Runs a shell's script in the host's network namespace. */
  async shell(script: string): Promise<string> {
    return (await run('ip', ['netns', 'exec', this.at.networkNamespace, 'sh', '-ec', script])).stdout;
  }

  /** Another network, on a range that the host has already. */
  networkInUse(): NetworkSpec {
    const networkId = randomUUID();
    return {
      networkId,
      name: `ibt-${networkId.slice(0, 8)}`,
      bridge: `ibt${networkId.slice(0, 8)}`,
      mac: '52:54:00:aa:bc:fe',
      gateway: '10.99.9.1',
      prefixLength: 24,
      reservations: [],
    };
  }

  /** Somebody who uses libvirt beside us. */
  virsh(...args: string[]): Promise<{ readonly stdout: string }> {
    return run('virsh', ['-c', this.at.uri, ...args]);
  }

  async stop(): Promise<void> {
    const { agent, vmId, networkId, networkName: name } = this;
    const fenced = { vmId, fence: 1 };
    await agent.call(forceOffVm, fenced).catch(() => undefined);
    await agent.call(undefineVm, fenced);
    await agent.call(removeDisk, fenced);
    await agent.call(removeFilter, { vmId });
    await agent.call(removeNetwork, { networkId, name });
    await agent.stop();
    this.folders.remove();
  }

  /** Its network, disk, filter and domain, whatever there is of them. */
  async define(): Promise<void> {
    const { agent, vmId, networkId, networkName, mac, address, bridge } = this;
    await agent.call(ensureNetwork, {
      revision: 1,
      spec: {
        networkId,
        name: networkName,
        bridge,
        mac: '52:54:00:aa:bc:ff',
        gateway: '10.99.9.1',
        prefixLength: 24,
        reservations: [{ mac, address, hostname: 'filtered' }],
      },
    });
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: this.imageId, capacityBytes: 16 * MIB });
    await agent.call(ensureFilter, { spec: this.spec });
    await agent.call(defineVm, { fence: 1, spec: this.vmSpec() });
  }

  private vmSpec(): VmSpec {
    const { vmId, networkId, networkName, mac, address } = this;
    return {
      vmId,
      departmentId: randomUUID(),
      name: 'filtered',
      vcpus: 1,
      memoryMib: 64,
      nics: [{ portId: randomUUID(), networkId, mac, address, networkName }],
      filterName: `infinibay-vm-${vmId}`,
    };
  }
}

/**
 * Prints the UDP ports to which packets leave a device, until one goes to the last of them. A socket of packets sees all
 * that is given to a device, also what came there round every hook. Perl is on every Debian.
 */
const WATCH = `use strict; my ($index, $last) = @ARGV; $| = 1; alarm 120;
socket(my $socket, 17, 3, unpack('n', pack('S', 3))) or die $!;
bind($socket, pack('SnlSCCa8', 17, 3, $index, 0, 0, 0, '')) or die $!;
print "ready\\n";
while (defined recv($socket, my $packet, 2048, 0)) {
  next unless length($packet) > 38 && unpack('n', substr($packet, 12, 2)) == 0x0800 && ord(substr($packet, 23, 1)) == 17;
  my $port = unpack('n', substr($packet, 36, 2)); print "$port\\n"; last if $port == $last;
}`;

/** A neighbour of the guest in its bridge. */
export class Neighbour {
  readonly port = `nb${randomUUID().slice(0, 8)}`;
  private readonly namespace = `ibn${randomUUID().slice(0, 8)}`;

  private constructor(
    private readonly guest: FilteredGuest,
    private readonly tapIndex: string,
  ) {}

  static async beside(guest: FilteredGuest): Promise<Neighbour> {
    const index = (await guest.shell(`cat /sys/class/net/${await guest.device()}/ifindex`)).trim();
    const neighbour = new Neighbour(guest, index);
    await neighbour.connect();
    return neighbour;
  }

  /**
   * Whether a packet of the neighbour to the closed port reaches the guest's card. One to the open port goes behind it,
   * the same way: nobody has to wait for what does not come.
   * @param between what is done between the two
   */
  async reachesClosedPort(between: () => Promise<unknown> = () => Promise.resolve()): Promise<boolean> {
    const watch = spawn('ip', [
      ...['netns', 'exec', this.guest.at.networkNamespace],
      ...['perl', '-e', WATCH, this.tapIndex, String(OPEN_PORT)],
    ]);
    const lines = createInterface(watch.stdout)[Symbol.asyncIterator]();
    if ((await lines.next()).value !== 'ready') throw new Error('nobody watches the card');
    await this.send(CLOSED_PORT);
    await between();
    await this.send(OPEN_PORT);
    const seen: string[] = [];
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) seen.push(next.value);
    if (!seen.includes(String(OPEN_PORT))) throw new Error('the open port is closed too');
    return seen.includes(String(CLOSED_PORT));
  }

  /** The same of a packet that the neighbour sends by way of the gateway, which the host hands on to the guest. */
  async reachesClosedPortByGateway(): Promise<boolean> {
    const { address, mac, bridge } = this.guest;
    // Nothing runs in the guest that would tell where it is.
    await this.guest.shell(`ip neigh replace ${address} lladdr ${mac} dev ${bridge} nud permanent`);
    const route = (how: 'replace' | 'del') => this.run('ip', 'route', how, `${address}/32`, 'via', '10.99.9.1');
    await route('replace');
    return this.reachesClosedPort(() => route('del'));
  }

  async leave(): Promise<void> {
    await run('ip', ['netns', 'del', this.namespace]);
  }

  private send(port: number): Promise<unknown> {
    return this.run('bash', '-c', `echo x > /dev/udp/${this.guest.address}/${port}`);
  }

  private async connect(): Promise<void> {
    const { guest, namespace, port } = this;
    await run('ip', ['netns', 'add', namespace]);
    await guest.shell(
      `ip link add ${port} type veth peer name eth0 netns ${namespace}; ip link set ${port} master ${guest.bridge} up`,
    );
    const neighbour = `ip neigh replace ${guest.address} lladdr ${guest.mac} dev eth0`;
    await this.run('sh', '-ec', `ip link set eth0 up; ip addr add 10.99.9.20/24 dev eth0; ${neighbour}`);
  }

  private run(...command: string[]): Promise<unknown> {
    return run('ip', ['netns', 'exec', this.namespace, ...command]);
  }
}

/** An XDP program that passes every packet, as clang made it of `int f(void *c) { return 2; }`: ELF, gzipped. */
const XDP_PASS =
  'H4sIAAAAAAACA6t39XFjYmRkgAFGhu8MCB4C/EBiO0BJdqDK7UAWExBPhcq5B/gw4AOqQMzC8PE/urg0EAsxMMP5AlCaG4gFgTpgAMZiYmbQK0mtKGGoSClgyGHQy8kpy41PTEkpKs5MZ0hjyMlMTs0rTmWo0Etm0CsuKSpJTALSlbkgmipAE4iZsYjvgtKWaOKMWPggzIYm7oDDPhY0PjsB/QJo4hxofFmofnQ/BOCwD939vCC9Pv/zgVQDsvgOWPxAaTYc+g2R1CCDCCidgKSPCcn9EtDoAwDOwb98uAIAAA==';

/** @returns the path of its ELF file, in that folder */
export const writeXdpProgram = (folder: string): string => {
  const file = join(folder, 'pass.o');
  execFileSync('sh', ['-c', `base64 -d | gunzip > '${file}'`], { input: XDP_PASS });
  return file;
};
