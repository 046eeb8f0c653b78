import { DomainError, defineMachine, defineTunedMachine, defineVm, type VmSpec } from '@infinibay/contracts';
import { isDefaultHardware, isTuned, tuningOf } from '@infinibay/vms-domain';
import { hardwareOf } from '../vms/vm-hardware.js';
import { sizesToDefine } from '../vms/vm-spec.js';
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
  const isOfHost = isTuned(hardware);
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const { firmware, machine, cpuModel, tpm, bootOrder } = hardware;
  const asked = { fence, spec, hardware: { firmware, machine, cpuModel, tpm, bootOrder } };
  const answer = await unlessTooOld(about, () =>
    isOfHost
      ? requests.call(defineTunedMachine, { ...asked, tuning: tuningOf(hardware), sizes: sizesToDefine(vm) }, on)
      : requests.call(defineMachine, asked, on),
  );
  if (answer !== undefined) return;
  const message = 'The agent of the host is older than such a choice of hardware: update it';
  const request = isOfHost ? defineTunedMachine.name : defineMachine.name;
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request }, { message });
};
