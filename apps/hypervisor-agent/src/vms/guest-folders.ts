import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { ScreenSockets } from './screen-sockets.js';

/** Where a guest's agent socket, screen and console log are. The paths are made of our ids only. */
@Injectable()
export class GuestFolders {
  constructor(
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    private readonly screens: ScreenSockets,
  ) {}

  agentSocket(vmId: string): string {
    return join(this.config.AGENT_SOCKET_DIR, vmId, 'agent.sock');
  }

  screenSocket(vmId: string): string {
    return this.screens.pathOf(vmId);
  }

  consoleLog(vmId: string): string | undefined {
    return this.config.CONSOLE_LOG_DIR === undefined ? undefined : join(this.config.CONSOLE_LOG_DIR, `${vmId}.log`);
  }

  async ensure(vmId: string): Promise<void> {
    await this.ensureOwn(vmId);
    await this.screens.ensure(vmId);
  }

  /** Of a guest that is off and is to be started: what its last QEMU left is gone. */
  async renew(vmId: string): Promise<void> {
    await this.ensureOwn(vmId);
    await this.screens.renew(vmId);
  }

  async remove(vmId: string): Promise<void> {
    await this.screens.remove(vmId);
    await rm(join(this.config.AGENT_SOCKET_DIR, vmId), { recursive: true, force: true });
    const log = this.consoleLog(vmId);
    if (log !== undefined) await rm(log, { force: true });
  }

  /** Those in which QEMU's user makes nothing. */
  private async ensureOwn(vmId: string): Promise<void> {
    await mkdir(join(this.config.AGENT_SOCKET_DIR, vmId), { recursive: true });
    if (this.config.CONSOLE_LOG_DIR !== undefined) await mkdir(this.config.CONSOLE_LOG_DIR, { recursive: true });
  }
}
