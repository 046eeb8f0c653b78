import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** Plays QEMU's part of one VM: listens on its agent socket and writes what the guest's agent says. */
export class GuestServer {
  private readonly clients = new Set<Socket>();
  private received = '';

  private constructor(
    readonly vmId: string,
    readonly folder: string,
    private readonly server: Server,
  ) {
    server.on('connection', (socket) => {
      this.clients.add(socket);
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => (this.received += text));
      socket.on('error', () => undefined);
      socket.on('close', () => this.clients.delete(socket));
    });
  }

  static async listen(agentSocketDir: string, vmId: string): Promise<GuestServer> {
    const folder = join(agentSocketDir, vmId);
    mkdirSync(folder, { recursive: true });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'agent.sock'), resolve));
    return new GuestServer(vmId, folder, server);
  }

  /** Lines that the host has sent to the guest. */
  get lines(): string[] {
    return this.received.split('\n').filter((line) => line !== '');
  }

  get isConnected(): boolean {
    return this.clients.size > 0;
  }

  /** Writes to whoever is connected. @returns false when the host does not read. */
  write(data: string | Buffer): boolean {
    let flowing = true;
    for (const client of this.clients) flowing = client.write(data) && flowing;
    return flowing;
  }

  /** Bytes that the host has not read yet, beyond the kernel's socket buffer. */
  get unread(): number {
    return [...this.clients].reduce((sum, client) => sum + client.writableLength, 0);
  }

  /** Resolves when all that was written has been taken by the kernel. */
  async drained(): Promise<void> {
    for (const client of this.clients)
      if (client.writableNeedDrain) await new Promise<void>((resolve) => client.once('drain', resolve));
  }

  /** From now on nothing that the host sends is read. */
  pause(): void {
    for (const client of this.clients) client.pause();
  }

  hangUp(): void {
    for (const client of this.clients) client.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
