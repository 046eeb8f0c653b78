import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pollUntil } from '@infinibay/testing';
import type { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import type { RunningSystem } from '../e2e/running-system.ts';

/** A distribution under software emulation takes minutes from power to shell. */
const BOOT_MS = 900_000;
const USER = 'alice';
const PORTS = 'query ($id: ID!) { vm(id: $id) { ports { id address } } }';

interface Port {
  readonly id: string;
  readonly address: string;
}

/** The key of a person who works in guests. */
export class SshKey {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'infinibay-key-'));
  readonly file = path.join(this.folder, 'id');

  constructor() {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.file]);
  }

  get publicKey(): string {
    return readFileSync(`${this.file}.pub`, 'utf8').trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** What a person sees who logs in to a VM over the network of its department. */
export class Guest {
  readonly vmId: string;
  private readonly system: RunningSystem;
  private readonly department: DepartmentUnderTest;
  private readonly key: SshKey;

  private constructor(system: RunningSystem, department: DepartmentUnderTest, key: SshKey, vmId: string) {
    this.system = system;
    this.department = department;
    this.key = key;
    this.vmId = vmId;
  }

  static async create(
    system: RunningSystem,
    department: DepartmentUnderTest,
    key: SshKey,
    said: {
      readonly name: string;
      readonly hostname?: string;
      readonly userData?: string;
      readonly [more: string]: unknown;
    },
  ): Promise<Guest> {
    const { name, hostname, userData, ...more } = said;
    const cloudInit = { userName: USER, sshAuthorizedKeys: [key.publicKey], hostname, userData };
    const vmId = await department.createVm(name, { ...more, cloudInit });
    await department.reaches(vmId, 'RUNNING', 300_000);
    return new Guest(system, department, key, vmId);
  }

  async ports(): Promise<readonly Port[]> {
    return (await this.department.member.ask<{ vm: { ports: Port[] } }>(PORTS, { id: this.vmId })).vm.ports;
  }

  /** As soon as somebody can log in. @returns what the command prints, without the line end */
  async run(command: string): Promise<string> {
    const probe = () => this.once(command).catch((error: unknown) => this.unlessRefused(error));
    const answer = await pollUntil(probe, { timeoutMs: BOOT_MS, intervalMs: 2_000, what: `a shell for: ${command}` });
    return answer.text;
  }

  /** When what the command prints is what is meant. */
  async until(command: string, holds: (text: string) => boolean): Promise<void> {
    const probe = async () => holds(await this.run(command));
    await pollUntil(probe, { timeoutMs: BOOT_MS, intervalMs: 2_000, what: command });
  }

  private async once(command: string): Promise<{ readonly text: string }> {
    const [port] = await this.ports();
    if (port === undefined) throw new Error('the VM has no port');
    const settings = ['BatchMode=yes', 'ConnectTimeout=10', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
    const options = settings.flatMap((setting) => ['-o', setting]);
    // Told apart from a connection that breaks: what has not ended is no answer.
    const end = randomUUID();
    const script = `{ ${command}; } 2>&1; echo ${end}`;
    const target = ['-q', '-i', this.key.file, `${USER}@${port.address}`, script];
    const text = await this.system.inNetwork('ssh', ...options, ...target);
    if (!text.includes(end)) throw new Error('the connection broke');
    return { text: text.slice(0, text.indexOf(end)).trim() };
  }

  /** Nobody answers yet, or not any more, or the user is not made yet. */
  private unlessRefused(error: unknown): undefined {
    if (error instanceof Error && !('code' in error && error.code === 'ENOENT')) return undefined;
    throw error;
  }
}
