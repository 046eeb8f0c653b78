import { z } from 'zod';
import { Ipv4Address, MacAddress, Uuid } from './scalars.js';

/** The states that version 1 of the contracts was published with. There a paused VM is RUNNING; vm.paused tells the rest. */
export const VmStateV1 = z.enum([
  'BUILDING',
  'STARTING',
  'RUNNING',
  'STOPPING',
  'STOPPED',
  'ERROR',
  'DELETING',
  'DELETED',
]);
export type VmStateV1 = z.infer<typeof VmStateV1>;

/**
 * What a user sees of a virtual machine.
 * BUILDING -> RUNNING <-> STOPPED; RUNNING <-> PAUSED; ERROR keeps a reason; DELETING ends with the row gone from every list.
 */
export const VmState = z.enum([...VmStateV1.options, 'PAUSED']);
export type VmState = z.infer<typeof VmState>;

/** A state in the words of version 1. */
export const toVmStateV1 = (state: VmState): VmStateV1 => (state === 'PAUSED' ? 'RUNNING' : state);

export const OperationStatus = z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SUPERSEDED']);
export type OperationStatus = z.infer<typeof OperationStatus>;

/** Power state as libvirt reports it, reduced to what the platform acts on. */
export const DomainPower = z.enum(['running', 'paused', 'shutting-down', 'off', 'crashed', 'unknown']);
export type DomainPower = z.infer<typeof DomainPower>;

export const VmNic = z
  .object({
    portId: Uuid,
    networkId: Uuid,
    mac: MacAddress,
    address: Ipv4Address,
    networkName: z.string().min(1).max(63).describe("libvirt's name of the network on the host"),
  })
  .meta({ id: 'VmNic', description: 'A network card of a VM, as the host must make it' });
export type VmNic = z.infer<typeof VmNic>;

/** What a host needs to define a VM; the agent renders libvirt's XML from it. */
export const VmSpec = z
  .object({
    vmId: Uuid,
    departmentId: Uuid,
    name: z.string().min(1).max(63).describe('Shown as title; the domain name derives from the id'),
    vcpus: z.int().min(1).max(512),
    memoryMib: z.int().min(64).max(16_777_216),
    nics: z.array(VmNic).max(16),
    filterName: z.string().max(128).nullable().describe('nwfilter bound to every card; null where the driver has none'),
  })
  .meta({ id: 'VmSpec', description: 'What a host needs to define a VM' });
export type VmSpec = z.infer<typeof VmSpec>;
