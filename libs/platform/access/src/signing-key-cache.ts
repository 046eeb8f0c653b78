import type { JSONWebKeySet } from 'jose';

const MAX_AGE_MS = 300_000;
/** How often an unknown key id may have the keys asked for again. */
const RETRY_MS = 5_000;

/**
 * The users service's public keys. Keys that are known stay in use while they are asked for again, and when that fails:
 * a token with an invented key id costs its own caller an answer and nobody else anything.
 */
export class SigningKeyCache {
  private known: JSONWebKeySet | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private running: Promise<JSONWebKeySet> | undefined;

  constructor(
    private readonly fetchKeys: () => Promise<JSONWebKeySet>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The keys among which `keyId` is looked for. Throws only while no keys were ever answered. */
  async keysFor(keyId: string | undefined): Promise<JSONWebKeySet> {
    if (this.known === undefined) return this.refresh();
    const { known } = this;
    const isKnown = known.keys.some((key) => key.kid === keyId);
    if (this.now() - this.fetchedAt > MAX_AGE_MS) this.refreshSeldom()?.catch(() => undefined);
    if (isKnown) return known;
    return (await this.refreshSeldom()?.catch(() => known)) ?? known;
  }

  private refreshSeldom(): Promise<JSONWebKeySet> | undefined {
    if (this.running !== undefined) return this.running;
    return this.now() - this.triedAt > RETRY_MS ? this.refresh() : undefined;
  }

  private refresh(): Promise<JSONWebKeySet> {
    this.triedAt = this.now();
    this.running ??= this.fetchKeys()
      .then((keys) => {
        this.known = keys;
        this.fetchedAt = this.now();
        return keys;
      })
      .finally(() => {
        this.running = undefined;
      });
    return this.running;
  }
}
