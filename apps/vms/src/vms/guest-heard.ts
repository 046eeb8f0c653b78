import type { Vm as VmRow } from '../generated/prisma/client.js';

type Heard = Pick<VmRow, 'guestReadyAt'>;

/**
 * What a VM forgets of its guest that was found off, or whose power was cut. Whoever has spoken since it was looked at
 * belongs to what came after, and is told of once: that one stays.
 * @param seen the VM as it was before the look
 */
export const unheard = (vm: Heard, seen: Heard): { readonly guestReadyAt?: null } =>
  vm.guestReadyAt?.getTime() === seen.guestReadyAt?.getTime() ? { guestReadyAt: null } : {};
