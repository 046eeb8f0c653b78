import { can } from '@infinibay/access-domain';
import { DomainError, findVms } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { RequestClient } from '@infinibay/platform-messaging';
import { CONFIG, type RealtimeConfig } from '../config.js';
import type { RealtimeSocket } from '../connections/realtime-socket.js';
import { vmRoom } from '../connections/rooms.js';
import type { Session } from '../connections/session.js';

/** Who watches which VM. */
@Injectable()
export class VmSubscriptions {
  constructor(
    @Inject(CONFIG) private readonly config: RealtimeConfig,
    private readonly requests: RequestClient,
  ) {}

  /**
   * One that is watched already is asked for all the same: it may be of another department by now, whose samples are told
   * in another room.
   * @throws DomainError VM_NOT_FOUND for an unknown VM and for one of another department; TOO_MANY_SUBSCRIPTIONS.
   */
  async subscribe(socket: RealtimeSocket, vmId: string): Promise<undefined> {
    const { session } = socket.data;
    this.requirePlace(session, vmId);
    const { vms } = await this.requests.call(findVms, { vmIds: [vmId] });
    const vm = vms.find((found) => found.vmId === vmId);
    // The actor is read now: it may have changed while the vms service answered.
    if (vm === undefined || !can(session.actor, 'read', { kind: 'vm', departmentId: vm.departmentId })) {
      throw new DomainError('VM_NOT_FOUND', { vmId });
    }
    if (!socket.connected) return undefined;
    // Others may have been asked for meanwhile.
    this.requirePlace(session, vmId);
    const before = session.watched.get(vmId);
    if (before === vm.departmentId) return undefined;
    session.watched.set(vmId, vm.departmentId);
    if (before !== undefined) await socket.leave(vmRoom(before, vmId));
    await socket.join(vmRoom(vm.departmentId, vmId));
    return undefined;
  }

  /** @throws DomainError TOO_MANY_SUBSCRIPTIONS when it is not watched, and can't be */
  private requirePlace({ watched }: Session, vmId: string): void {
    const limit = this.config.SUBSCRIPTIONS_PER_CONNECTION;
    if (!watched.has(vmId) && watched.size >= limit) throw new DomainError('TOO_MANY_SUBSCRIPTIONS', { limit });
  }

  async unsubscribe(socket: RealtimeSocket, vmId: string): Promise<undefined> {
    const { watched } = socket.data.session;
    const departmentId = watched.get(vmId);
    watched.delete(vmId);
    if (departmentId !== undefined) await socket.leave(vmRoom(departmentId, vmId));
    return undefined;
  }
}
