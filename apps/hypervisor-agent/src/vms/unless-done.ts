import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';

/** A call that libvirt finds invalid because what it should bring about has just come about has succeeded. */
export const unlessDone = async (call: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<void> => {
  try {
    await call();
  } catch (error) {
    if (libvirtCodeOf(error) !== 'OPERATION_INVALID' || !(await isDone())) throw error;
  }
};
