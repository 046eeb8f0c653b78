interface Step {
  readonly name: string;
  readonly status: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

interface Rule {
  readonly direction: string;
  readonly action: string;
  readonly protocol: string;
  readonly portFrom: number | null;
  readonly portTo: number | null;
}

/** The answer of the one query over all services. */
export interface VmPicture {
  readonly name: string;
  readonly state: string;
  readonly guestReady: boolean;
  readonly agentVersion: string | null;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly owner: { readonly email: string } | null;
  readonly department: { readonly name: string } | null;
  readonly host: {
    readonly hostname: string;
    readonly virtType: string;
    readonly nwfilter: boolean;
    readonly guestChannel: boolean;
  } | null;
  readonly image: { readonly name: string; readonly version: string } | null;
  readonly ports: readonly {
    readonly mac: string;
    readonly address: string;
    readonly network: { readonly name: string; readonly cidr: string } | null;
  }[];
  readonly effectiveFirewallRules: readonly Rule[];
  readonly firewall: {
    readonly status: string;
    readonly revision: number;
    readonly kernelRules: readonly string[];
  } | null;
  readonly metrics: {
    readonly uptimeSeconds: number;
    readonly cpuPercent: number;
    readonly hostname: string | null;
    readonly kernelVersion: string | null;
    readonly processes: readonly {
      readonly pid: number;
      readonly name: string;
      readonly cpuPercent: number;
      readonly memoryKib: number;
    }[];
  } | null;
  readonly operations: readonly { readonly kind: string; readonly status: string; readonly steps: readonly Step[] }[];
}

export const showEverything = (vm: VmPicture, say: (line: string) => void): void => {
  say('one GraphQL query over all services:');
  for (const line of [...whoAndWhere(vm), ...protection(vm), ...inside(vm)]) say(`  ${line}`);
  for (const operation of vm.operations)
    say(`  ${operation.kind} ${operation.status}: ${operation.steps.map(stepText).join(', ')}`);
};

const orDash = (text: string | null | undefined): string => text ?? '-';

const whoAndWhere = (vm: VmPicture): string[] => [
  `${vm.name}: ${vm.state}${vm.guestReady ? ', guest ready' : ''}, ${String(vm.vcpus)} vCPU, ${String(vm.memoryMib)} MiB, image ${orDash(vm.image?.name)} ${orDash(vm.image?.version)}`,
  `owner ${orDash(vm.owner?.email)}, department ${orDash(vm.department?.name)}, host ${orDash(vm.host?.hostname)} (${orDash(vm.host?.virtType)})`,
  ...vm.ports.map(
    (port) => `port ${port.mac} ${port.address} in ${orDash(port.network?.name)} ${orDash(port.network?.cidr)}`,
  ),
];

const protection = (vm: VmPicture): string[] => [
  ...vm.effectiveFirewallRules.map((rule) => `rule ${ruleLine(rule)}`),
  `firewall ${orDash(vm.firewall?.status)}, revision ${String(vm.firewall?.revision ?? 0)}`,
];

const inside = ({ metrics }: VmPicture): string[] => {
  if (metrics === null) return [];
  const { hostname, kernelVersion, uptimeSeconds, cpuPercent, processes } = metrics;
  return [
    `guest ${orDash(hostname)}, kernel ${orDash(kernelVersion)}, up ${uptimeSeconds.toFixed(0)} s, CPU ${cpuPercent.toFixed(1)} %`,
    ...processes
      .slice(0, 5)
      .map(
        (process) =>
          `  process ${String(process.pid).padStart(5)} ${process.name.padEnd(16)} CPU ${process.cpuPercent.toFixed(1)} %, ${String(process.memoryKib)} KiB`,
      ),
  ];
};

const ruleLine = ({ direction, action, protocol, portFrom, portTo }: Rule): string => {
  const ports =
    portFrom === null
      ? ''
      : portFrom === portTo
        ? ` port ${String(portFrom)}`
        : ` ports ${String(portFrom)}-${String(portTo)}`;
  return `${action} ${direction} ${protocol}${ports}`;
};

const stepText = ({ name, status, startedAt, finishedAt }: Step): string => {
  if (startedAt === null || finishedAt === null) return `${name} ${status.toLowerCase()}`;
  return `${name} ${String(Date.parse(finishedAt) - Date.parse(startedAt))} ms`;
};
