import { DomainError, defineMachine, defineVm, type VmSpec } from '@infinibay/contracts';
import { isDefaultHardware } from '@infinibay/vms-domain';
import { hardwareOf } from '../vms/vm-hardware.js';
import { unlessTooOld } from './agent-age.js';
import type { StepInput } from './step.js';

/**
 * Has the host define the VM, made of what is declared. One that is made as every VM always was is asked for in words that
 * any agent knows.
 * @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to make anything else
 */
export const defineDomain = async ({ vm, target, on, requests }: StepInput, spec: VmSpec): Promise<void> => {
  const hardware = hardwareOf(vm);
  const { fence } = target;
  if (isDefaultHardware(hardware)) {
    await requests.call(defineVm, { fence, spec }, on);
    return;
  }
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const answer = await unlessTooOld(about, () => requests.call(defineMachine, { fence, spec, hardware }, on));
  if (answer !== undefined) return;
  const message = 'The agent of the host is older than a choice of hardware: update it';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: defineMachine.name }, { message });
};
