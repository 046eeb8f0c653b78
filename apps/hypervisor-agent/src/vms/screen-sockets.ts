import { chmod, chown, mkdir, stat } from 'node:fs/promises';
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
import { closedFolder, removeForeign } from './foreign-folder.js';

const LOOK_TIMEOUT_MS = 10_000;
/** QEMU, which need not be root, passes through to its own folder below; nobody else has one there. */
const PASS_THROUGH = 0o711;

/**
 * The sockets of guests' screens, `<vmId>/vnc/socket`. VNC asks for no password, so the folder keeps everybody out but
 * QEMU, which makes the socket itself, and root. They have a place of their own: whoever reads the agents' sockets is
 * given those, and is not to have the screens with them.
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
    hypervisor.on('connected', () => this.checkWay());
    hypervisor.on('lifecycle', (event) => {
      const vmId = vmIdOfDomain(event);
      if (vmId !== undefined && event.event === 'stopped') this.clear(vmId);
    });
  }

  /** As long as that of the agent's socket, for which the folder's longest name is made. */
  pathOf(vmId: string): string {
    return join(this.folderOf(vmId), 'vnc', 'socket');
  }

  /** Makes the folder, and makes it QEMU's. The one above is root's: QEMU can't put another in its place. */
  async ensure(vmId: string): Promise<void> {
    await this.ensureRoot();
    const folder = dirname(this.pathOf(vmId));
    for (const [made, mode] of [
      [this.folderOf(vmId), PASS_THROUGH],
      [folder, 0o700],
    ] as const) {
      await mkdir(made, { recursive: true, mode });
      // The mask may have taken some of it away.
      await chmod(made, mode);
    }
    const user = await this.qemu.get();
    if (user === undefined) return;
    const { uid, gid } = await stat(folder);
    if (uid !== user.uid || gid !== user.gid) await chown(folder, user.uid, user.gid);
  }

  /** Before each start, with the guest off: nothing that any QEMU left or put there is in the way of the next one. */
  async renew(vmId: string): Promise<void> {
    await removeForeign(dirname(this.pathOf(vmId)));
    await this.ensure(vmId);
  }

  /** With the guest off. */
  async remove(vmId: string): Promise<void> {
    await removeForeign(this.folderOf(vmId));
  }

  private folderOf(vmId: string): string {
    return join(this.config.SCREEN_SOCKET_DIR, vmId);
  }

  /** One that is there already stays as whoever made it wants it. */
  private async ensureRoot(): Promise<void> {
    const root = this.config.SCREEN_SOCKET_DIR;
    const isMade = (await mkdir(root, { recursive: true, mode: PASS_THROUGH })) !== undefined;
    if (isMade) await chmod(root, PASS_THROUGH);
  }

  /** Said at once: what the operator would see else is that no guest starts. */
  private checkWay(): void {
    const check = async (): Promise<void> => {
      const user = await this.qemu.get();
      if (user === undefined) return;
      await this.ensureRoot();
      const folder = await closedFolder(this.config.SCREEN_SOCKET_DIR, user);
      if (folder === undefined) return;
      const message = `QEMU may not search ${folder}, on the way to SCREEN_SOCKET_DIR: guests can't make the socket of their screen, and won't start (chmod o+x)`;
      this.logger.warn({ folder, ...user }, message);
    };
    check().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'whether QEMU reaches SCREEN_SOCKET_DIR could not be looked at');
    });
  }

  /** QEMU leaves its socket when it ends. In turn with starts, so that it is not the next QEMU's that goes. */
  private clear(vmId: string): void {
    const clear = async (): Promise<void> => {
      const observed = await this.domains.observe(vmId, Deadline.after(LOOK_TIMEOUT_MS));
      if (observed === undefined) await this.remove(vmId);
      else if (isOff(observed.power)) await this.renew(vmId);
    };
    this.gate.unfenced(vmId, clear).catch((error: unknown) => {
      this.logger.warn({ err: error, vmId }, 'the socket of the screen of a guest that is off could not be removed');
    });
  }
}
