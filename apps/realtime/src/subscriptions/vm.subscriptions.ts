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

  /** @throws DomainError VM_NOT_FOUND for an unknown VM and for one of another department; TOO_MANY_SUBSCRIPTIONS. */
  async subscribe(socket: RealtimeSocket, vmId: string): Promise<undefined> {
    const { session } = socket.data;
    if (this.isWatched(session, vmId)) return undefined;
    const { vms } = await this.requests.call(findVms, { vmIds: [vmId] });
    const vm = vms.find((found) => found.vmId === vmId);
    // The actor is read now: it may have changed while the vms service answered.
    if (vm === undefined || !can(session.actor, 'read', { kind: 'vm', departmentId: vm.departmentId })) {
      throw new DomainError('VM_NOT_FOUND', { vmId });
    }
    // Others may have been asked for meanwhile.
    if (!socket.connected || this.isWatched(session, vmId)) return undefined;
    session.watched.set(vmId, vm.departmentId);
    await socket.join(vmRoom(vm.departmentId, vmId));
    return undefined;
  }

  /** @throws DomainError TOO_MANY_SUBSCRIPTIONS when it is not, and can't be */
  private isWatched({ watched }: Session, vmId: string): boolean {
    const limit = this.config.SUBSCRIPTIONS_PER_CONNECTION;
    if (watched.has(vmId)) return true;
    if (watched.size >= limit) throw new DomainError('TOO_MANY_SUBSCRIPTIONS', { limit });
    return false;
  }

  async unsubscribe(socket: RealtimeSocket, vmId: string): Promise<undefined> {
    const { watched } = socket.data.session;
    const departmentId = watched.get(vmId);
    watched.delete(vmId);
    if (departmentId !== undefined) await socket.leave(vmRoom(departmentId, vmId));
    return undefined;
  }
}
