import type { FileSystem, GuestInfoQuery, GuestTime, Screenshot, SshKeysChange } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { fromParameters, type Parameters } from './parameters.js';

/** The inside of a running guest: its agent, keyboard and screen. Agent calls reject with `AGENT_UNRESPONSIVE` without one. */
export class Guest {
  readonly #calls: Caller;
  readonly #domain: string;

  constructor(calls: Caller, domain: string) {
    this.#calls = calls;
    this.#domain = domain;
  }

  /** Sends a JSON command to the QEMU guest agent and gives its JSON answer (`virDomainQemuAgentCommand`); it is given `agentSeconds`, default 5. */
  agentCommand(command: string, options: { readonly agentSeconds?: number } & CallOptions = {}): Promise<string> {
    const seconds = options.agentSeconds ?? 5;
    return this.#calls.run(options, (native, t, k) => native.agentCommand(this.#domain, command, seconds, t, k));
  }

  /** What the agent tells, under libvirt's names, e.g. `os.id` (`virDomainGetGuestInfo`); everything when nothing is named. */
  async info(options: GuestInfoQuery & CallOptions = {}): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.guestInfo(this.#domain, options, t, k)),
    );
  }

  /** Presses 1 to 16 Linux key codes together (`virDomainSendKey`) for `holdMs`, default 50. */
  async sendKey(keys: readonly number[], options: { readonly holdMs?: number } & CallOptions = {}): Promise<void> {
    const holdMs = options.holdMs ?? 50;
    await this.#calls.run(options, (native, t, k) => native.sendKey(this.#domain, [...keys], holdMs, t, k));
  }

  /** Freezes all file systems and gives their number (`virDomainFSFreeze`). */
  freezeFileSystems(options?: CallOptions): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.freezeFileSystems(this.#domain, t, k));
  }

  /** Lets them go again and gives their number (`virDomainFSThaw`). */
  thawFileSystems(options?: CallOptions): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.thawFileSystems(this.#domain, t, k));
  }

  /** Mounted file systems (`virDomainGetFSInfo`). */
  fileSystems(options?: CallOptions): Promise<FileSystem[]> {
    return this.#calls.run(options, (native, t, k) => native.fileSystems(this.#domain, t, k));
  }

  /** Gives unused blocks back, of one mount point or of all (`virDomainFSTrim`). */
  async trimFileSystems(
    options: { readonly mountPoint?: string; readonly minimumBytes?: number } & CallOptions = {},
  ): Promise<void> {
    const { mountPoint, minimumBytes = 0 } = options;
    await this.#calls.run(options, (native, t, k) =>
      native.trimFileSystems(this.#domain, mountPoint, minimumBytes, t, k),
    );
  }

  /** Its clock (`virDomainGetTime`). */
  time(options?: CallOptions): Promise<GuestTime> {
    return this.#calls.run(options, (native, t, k) => native.guestTime(this.#domain, t, k));
  }

  /** Sets its clock, or with `'hardware'` lets it read its hardware's (`virDomainSetTime`). */
  async setTime(time: GuestTime | 'hardware', options?: CallOptions): Promise<void> {
    const sync = time === 'hardware';
    const { seconds, nanoseconds } = sync ? { seconds: 0, nanoseconds: 0 } : time;
    await this.#calls.run(options, (native, t, k) =>
      native.setGuestTime(this.#domain, seconds, nanoseconds, sync, t, k),
    );
  }

  /** Sets a user's password; `encrypted` when it is a hash already (`virDomainSetUserPassword`). */
  async setUserPassword(
    user: string,
    password: string,
    options: { readonly encrypted?: boolean } & CallOptions = {},
  ): Promise<void> {
    const encrypted = options.encrypted ?? false;
    await this.#calls.run(options, (native, t, k) =>
      native.setUserPassword(this.#domain, user, password, encrypted, t, k),
    );
  }

  /** The public keys that may log in as a user (`virDomainAuthorizedSSHKeysGet`). */
  sshKeys(user: string, options?: CallOptions): Promise<string[]> {
    return this.#calls.run(options, (native, t, k) => native.sshKeys(this.#domain, user, t, k));
  }

  /** Replaces them, or appends or removes some (`virDomainAuthorizedSSHKeysSet`). */
  async setSshKeys(user: string, keys: readonly string[], options: SshKeysChange & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setSshKeys(this.#domain, user, [...keys], options, t, k));
  }

  /** Its CPUs as its system sees them, under libvirt's names (`virDomainGetGuestVcpus`). */
  async vcpus(options?: CallOptions): Promise<Parameters> {
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.guestVcpus(this.#domain, t, k)));
  }

  /** Lets its system use CPUs or not, as in `0-3,^2` (`virDomainSetGuestVcpus`). */
  async setVcpus(cpus: string, online: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setGuestVcpus(this.#domain, cpus, online, t, k));
  }

  /** Its host name, from its DHCP lease or its agent (`virDomainGetHostname`); the driver chooses when nothing is set. */
  hostname(options: { readonly source?: 'lease' | 'agent' } & CallOptions = {}): Promise<string> {
    const { source } = options;
    return this.#calls.run(options, (native, t, k) =>
      native.guestHostname(this.#domain, source === 'lease', source === 'agent', t, k),
    );
  }

  /** How many seconds libvirt waits for the agent; -1 its default, -2 for ever (`virDomainAgentSetResponseTimeout`). */
  async setAgentTimeout(seconds: number, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setAgentTimeout(this.#domain, seconds, t, k));
  }

  /** Asks the agent to let the guest sleep (`virDomainPMSuspendForDuration`). */
  async suspend(target: 'memory' | 'disk' | 'hybrid', options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pmSuspendDomain(this.#domain, target, t, k));
  }

  /** Wakes a guest that sleeps (`virDomainPMWakeup`). */
  async wakeUp(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.pmWakeUpDomain(this.#domain, t, k));
  }

  /** A picture of a screen (`virDomainScreenshot`), the first by default. */
  screenshot(options: { readonly screen?: number } & CallOptions = {}): Promise<Screenshot> {
    return this.#calls.run(options, (native, t, k) => native.screenshot(this.#domain, options.screen ?? 0, t, k));
  }
}
