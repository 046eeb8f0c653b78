import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { QemuUserReader } from '../host/qemu-user.reader.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';

const LOOK_TIMEOUT_MS = 10_000;

/**
 * The sockets of guests' screens, `<vmId>/vnc/socket`. VNC asks for no password, so the folder keeps everybody out but
 * QEMU, which makes the socket itself, and root. A folder of its own: that of the agent's socket is open to its reader.
 */
@Injectable()
export class ScreenSockets {
  constructor(
    hypervisor: Hypervisor,
    private readonly qemu: QemuUserReader,
    private readonly domains: DomainRepository,
    private readonly gate: VmGate,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    hypervisor.on('lifecycle', (event) => {
      const vmId = vmIdOfDomain(event);
      if (vmId !== undefined && event.event === 'stopped') this.clear(vmId);
    });
  }

  /** As long as that of the agent's socket, for which the folder's longest name is made. */
  pathOf(vmId: string): string {
    return join(this.config.AGENT_SOCKET_DIR, vmId, 'vnc', 'socket');
  }

  /** Makes the folder, and makes it QEMU's. The one above is root's: QEMU can't put another in its place. */
  async ensure(vmId: string): Promise<void> {
    const folder = dirname(this.pathOf(vmId));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const user = await this.qemu.get();
    if (user === undefined) return;
    const { uid, gid } = await stat(folder);
    if (uid !== user.uid || gid !== user.gid) await chown(folder, user.uid, user.gid);
  }

  /** QEMU leaves it when it ends. In turn with starts, so that it is not the next QEMU's that goes. */
  private clear(vmId: string): void {
    const clear = async (): Promise<void> => {
      const observed = await this.domains.observe(vmId, Deadline.after(LOOK_TIMEOUT_MS));
      if (observed === undefined || isOff(observed.power)) await rm(this.pathOf(vmId), { force: true });
    };
    this.gate.unfenced(vmId, clear).catch((error: unknown) => {
      this.logger.warn({ err: error, vmId }, 'the socket of the screen of a guest that is off could not be removed');
    });
  }
}
