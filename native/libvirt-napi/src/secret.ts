import type { SecretRecord } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import type { SecretUsage } from './events.js';

/** One secret, by UUID. It holds no libvirt resource and no value. */
export class Secret {
  readonly uuid: string;
  readonly usage: SecretUsage;
  /** What it is for, e.g. the path of a volume; empty for `none`. */
  readonly usageId: string;
  readonly #calls: Caller;

  constructor(calls: Caller, record: SecretRecord) {
    this.#calls = calls;
    this.uuid = record.uuid;
    this.usage = record.usage as SecretUsage;
    this.usageId = record.usageId;
  }

  /** Its value (`virSecretGetValue`). `NO_SECRET` when none was set, `INVALID_SECRET` when it is private. */
  value(options?: CallOptions): Promise<Buffer> {
    return this.#calls.run(options, (native, t, k) => native.secretValue(this.uuid, t, k));
  }

  /** Sets its value (`virSecretSetValue`). */
  async setValue(value: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setSecretValue(this.uuid, Buffer.from(value), t, k));
  }

  /** The secret as XML, without its value (`virSecretGetXMLDesc`). */
  xmlDesc(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.secretXml(this.uuid, t, k));
  }

  /** Removes it and its value (`virSecretUndefine`). */
  async undefine(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineSecret(this.uuid, t, k));
  }
}

/** The host's secrets: what volumes and devices are unlocked with. The test driver has none: `NO_SUPPORT`. */
export class Secrets {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  /** All of them, without their values (`virConnectListAllSecrets`). */
  async list(options?: CallOptions): Promise<Secret[]> {
    const records = await this.#calls.run(options, (native, t, k) => native.listSecrets(t, k));
    return records.map((record) => new Secret(this.#calls, record));
  }

  /** Rejects with `NO_SECRET` when there is none (`virSecretLookupByUUID`). */
  async lookupByUuid(uuid: string, options?: CallOptions): Promise<Secret> {
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.findSecret(uuid, t, k)));
  }

  /** Finds the one for something; `NO_SECRET` when there is none (`virSecretLookupByUsage`). */
  async lookupByUsage(usage: SecretUsage, usageId: string, options?: CallOptions): Promise<Secret> {
    return this.#handle(
      await this.#calls.run(options, (native, t, k) => native.findSecretByUsage(usage, usageId, t, k)),
    );
  }

  /** Defines one without its value, or redefines the one of the same UUID (`virSecretDefineXML`). */
  async defineXml(xml: string, options: { readonly validate?: boolean } & CallOptions = {}): Promise<Secret> {
    const validate = options.validate ?? false;
    return this.#handle(await this.#calls.run(options, (native, t, k) => native.defineSecret(xml, validate, t, k)));
  }

  #handle(record: SecretRecord): Secret {
    return new Secret(this.#calls, record);
  }
}
