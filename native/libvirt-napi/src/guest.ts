import type { GuestInfoQuery, Screenshot } from './addon.js';
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
