import { IdempotencyKey, PortLinkState } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import {
  CPU_PINNING_RULE,
  NUMA_NODES_RULE,
  SaidCpuPinning,
  SaidNumaNodes,
  SaidVmHardware,
  VmHardwareInput,
  VmNumaNodeInput,
} from '../catalog/hardware.inputs.js';
import { memoryMib, vcpus } from '../catalog/sizes.js';
import { PortLinkStates } from '../vms/port-link.model.js';

const BOUND = 'as large as the size when the VM had no room above it, else as it was';

@InputType({ description: 'Other sizes of a virtual machine' })
export class ResizeVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => Int, { description: '1 to 512' })
  vcpus!: number;

  @Field(() => Int, { description: "MiB, at least the image's minimum" })
  memoryMib!: number;

  @Field(() => Int, {
    nullable: true,
    description: `At least vcpus: up to where they may be changed while it runs. When left out: ${BOUND}`,
  })
  maxVcpus?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `MiB, at least memoryMib: up to where it may be changed while it runs; its host keeps all of it for the VM. When left out: ${BOUND}`,
  })
  maxMemoryMib?: number | null;

  @Field(() => [String], {
    nullable: true,
    description: `To be said where it has a set for each vCPU and maxVcpus becomes another; from its next start on. ${CPU_PINNING_RULE}. As it is when left out`,
  })
  cpuPinning?: string[] | null;

  @Field(() => [VmNumaNodeInput], {
    nullable: true,
    description: `To be said where it has any and maxVcpus or maxMemoryMib becomes another; from its next start on. ${NUMA_NODES_RULE}. As they are when left out`,
  })
  numaNodes?: VmNumaNodeInput[] | null;
}

@InputType({ description: 'A revision to go back to' })
export class RestoreVmRevisionInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => Int, { description: 'Its number' })
  revision!: number;
}

@InputType({ description: 'Whether a virtual machine is started whenever its host has been booted' })
export class SetVmAutostartInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => Boolean)
  autostart!: boolean;
}

@InputType({ description: 'Whether a port of a virtual machine has a link' })
export class SetVmPortLinkInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, { description: 'One of Vm.ports' })
  portId!: string;

  @Field(() => PortLinkStates)
  linkState!: PortLinkState;
}

@InputType({ description: 'What a virtual machine shall be made of' })
export class SetVmHardwareInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => VmHardwareInput, { description: 'What is left out stays as it is' })
  hardware!: VmHardwareInput;
}

const ofVm = { idempotencyKey: IdempotencyKey, vmId: z.string() };
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

export const ResizeVm = z.object({
  ...ofVm,
  vcpus,
  memoryMib,
  maxVcpus: optional(vcpus),
  maxMemoryMib: optional(memoryMib),
  cpuPinning: SaidCpuPinning,
  numaNodes: SaidNumaNodes,
});
export type ResizeVm = z.output<typeof ResizeVm>;

export const RestoreVmRevision = z.object({ ...ofVm, revision: z.int().min(1) });
export type RestoreVmRevision = z.output<typeof RestoreVmRevision>;

export const SetVmAutostart = z.object({ ...ofVm, autostart: z.boolean() });
export type SetVmAutostart = z.output<typeof SetVmAutostart>;

export const SetVmPortLink = z.object({ ...ofVm, portId: z.string(), linkState: PortLinkState });
export type SetVmPortLink = z.output<typeof SetVmPortLink>;

export const SetVmHardware = z.object({ ...ofVm, hardware: SaidVmHardware });
export type SetVmHardware = z.output<typeof SetVmHardware>;
