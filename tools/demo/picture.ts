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
  readonly host: { readonly hostname: string; readonly virtType: string; readonly nwfilter: boolean; readonly guestChannel: boolean } | null;
  readonly image: { readonly name: string; readonly version: string } | null;
  readonly ports: readonly { readonly mac: string; readonly address: string; readonly network: { readonly name: string; readonly cidr: string } | null }[];
  readonly effectiveFirewallRules: readonly Rule[];
  readonly firewall: { readonly status: string; readonly revision: number; readonly kernelRules: readonly string[] } | null;
  readonly metrics: {
    readonly uptimeSeconds: number;
    readonly cpuPercent: number;
    readonly hostname: string | null;
    readonly kernelVersion: string | null;
    readonly processes: readonly { readonly pid: number; readonly name: string; readonly cpuPercent: number; readonly memoryKib: number }[];
  } | null;
  readonly operations: readonly { readonly kind: string; readonly status: string; readonly steps: readonly Step[] }[];
}

export const showEverything = (vm: VmPicture, say: (line: string) => void): void => {
  say('one GraphQL query over all services:');
  say(`  ${vm.name}: ${vm.state}${vm.guestReady ? ', guest ready' : ''}, ${String(vm.vcpus)} vCPU, ${String(vm.memoryMib)} MiB, image ${vm.image?.name ?? '-'} ${vm.image?.version ?? ''}`);
  say(`  owner ${vm.owner?.email ?? '-'}, department ${vm.department?.name ?? '-'}, host ${vm.host?.hostname ?? '-'} (${vm.host?.virtType ?? '-'})`);
  for (const port of vm.ports) say(`  port ${port.mac} ${port.address} in ${port.network?.name ?? '-'} ${port.network?.cidr ?? ''}`);
  for (const rule of vm.effectiveFirewallRules) say(`  rule ${ruleLine(rule)}`);
  say(`  firewall ${vm.firewall?.status ?? '-'}, revision ${String(vm.firewall?.revision ?? 0)}`);
  if (vm.metrics !== null) say(`  guest ${vm.metrics.hostname ?? '-'}, kernel ${vm.metrics.kernelVersion ?? '-'}, up ${vm.metrics.uptimeSeconds.toFixed(0)} s, CPU ${vm.metrics.cpuPercent.toFixed(1)} %`);
  for (const process of vm.metrics?.processes.slice(0, 5) ?? []) {
    say(`    process ${String(process.pid).padStart(5)} ${process.name.padEnd(16)} CPU ${process.cpuPercent.toFixed(1)} %, ${String(process.memoryKib)} KiB`);
  }
  for (const operation of vm.operations) say(`  ${operation.kind} ${operation.status}: ${operation.steps.map(stepText).join(', ')}`);
};

const ruleLine = ({ direction, action, protocol, portFrom, portTo }: Rule): string => {
  const ports = portFrom === null ? '' : portFrom === portTo ? ` port ${String(portFrom)}` : ` ports ${String(portFrom)}-${String(portTo)}`;
  return `${action} ${direction} ${protocol}${ports}`;
};

const stepText = ({ name, status, startedAt, finishedAt }: Step): string => {
  if (startedAt === null || finishedAt === null) return `${name} ${status.toLowerCase()}`;
  return `${name} ${String(Date.parse(finishedAt) - Date.parse(startedAt))} ms`;
};
