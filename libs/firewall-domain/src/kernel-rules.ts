import type { CompiledRule } from '@infinibay/contracts';

/** A VM's interface with the lines of the kernel's rule list that are about it, in the form of iptables-save. */
export interface InspectedInterface {
  readonly device: string;
  readonly kernelRules: readonly string[];
}

/**
 * What the kernel should have and has not, one line each; empty when it enforces the filter. libvirt keeps one chain per
 * direction and interface (FI- from the VM, FO- to it) and does not notice when somebody flushes them.
 */
export const missingFromKernel = (
  rules: readonly CompiledRule[],
  interfaces: readonly InspectedInterface[],
): string[] => interfaces.flatMap((inspected) => [...missingChains(inspected), ...missingPorts(rules, inspected)]);

const missingChains = ({ device, kernelRules }: InspectedInterface): string[] =>
  [`FI-${device}`, `FO-${device}`]
    .filter((chain) => !kernelRules.some((line) => line.includes(`-A ${chain} `)))
    .map((chain) => `${device}: chain ${chain} has no rules`);

const missingPorts = (rules: readonly CompiledRule[], { device, kernelRules }: InspectedInterface): string[] =>
  rules
    .filter((rule) => rule.portFrom !== null)
    .map((rule) => ({ protocol: rule.protocol.toLowerCase(), ports: portsText(rule) }))
    .filter(
      ({ protocol, ports }) =>
        !kernelRules.some((line) => line.includes(`-p ${protocol} `) && ` ${line} `.includes(`--dport ${ports} `)),
    )
    .map(({ protocol, ports }) => `${device}: no rule for ${protocol} port ${ports}`);

const portsText = ({ portFrom, portTo }: CompiledRule): string =>
  portTo === null || portTo === portFrom ? String(portFrom) : `${portFrom}:${portTo}`;
