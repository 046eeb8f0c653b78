import { DomainError, type Actor } from '@infinibay/contracts';
import type { AccessClaims } from './access-token.js';

/** A disabled user loses access within 5 s: 2 s here and the time that an answer takes. */
const MAX_AGE_MS = 2_000;
/** How long a session that was open goes on while the users service does not answer. */
export const SESSION_GRACE_MS = 30_000;
const MAX_SESSIONS = 20_000;

interface Confirmed {
  readonly actor: Actor | null;
  readonly at: number;
}

interface Entry {
  readonly expiresAt: number;
  readonly answer: Promise<Actor | null>;
}

/** Asks for each session once in 2 s, however many requests it makes, and bridges a short absence of users. */
export class SessionCache {
  private readonly entries = new Map<string, Entry>();
  private readonly confirmed = new Map<string, Confirmed>();
  /** By user: the number of the last question that was asked before the access changed. */
  private readonly changedAfter = new Map<string, number>();
  private questions = 0;

  constructor(
    private readonly ask: (claims: AccessClaims) => Promise<Actor | null>,
    private readonly onGrace: (error: unknown) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws what `ask` throws when the session was not confirmed within the grace either */
  actorOf(claims: AccessClaims): Promise<Actor | null> {
    const key = keyOf(claims);
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.expiresAt > this.now()) return entry.answer;
    const answer = this.confirm(key, claims);
    this.store(this.entries, key, { expiresAt: this.now() + MAX_AGE_MS, answer });
    answer.catch(() => {
      if (this.entries.get(key)?.answer === answer) this.entries.delete(key);
    });
    return answer;
  }

  /** When was asked what users answered last about the session, on this cache's clock; undefined when that is not known. */
  confirmedAt(claims: AccessClaims): number | undefined {
    return this.confirmed.get(keyOf(claims))?.at;
  }

  /** Of a user whose access has changed: what was answered before, or is being answered, is of no use any more. */
  forget(userId: string): void {
    this.store(this.changedAfter, userId, this.questions);
    for (const map of [this.entries, this.confirmed])
      for (const key of map.keys()) if (key.startsWith(`${userId}/`)) map.delete(key);
  }

  private async confirm(key: string, claims: AccessClaims): Promise<Actor | null> {
    const askedAt = this.now();
    this.questions += 1;
    const question = this.questions;
    let actor: Actor | null;
    try {
      actor = await this.ask(claims);
    } catch (error) {
      return this.bridge(key, error);
    }
    // Forgotten in the meantime: the answer may be of before.
    if (question <= (this.changedAfter.get(claims.userId) ?? 0)) return this.actorOf(claims);
    const last = this.confirmed.get(key);
    // What was asked later was answered first. Waiting for such a question would never end where users is slow.
    if (last !== undefined && last.at > askedAt) return last.actor;
    this.store(this.confirmed, key, { actor, at: askedAt });
    return actor;
  }

  private bridge(key: string, error: unknown): Actor | null {
    const last = this.confirmed.get(key);
    if (!isAbsence(error) || last === undefined || this.now() - last.at > SESSION_GRACE_MS) throw error;
    this.onGrace(error);
    return last.actor;
  }

  /** Drops the oldest when full: a session that is asked about again only costs an answer. */
  private store<V>(map: Map<string, V>, key: string, value: V): void {
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > MAX_SESSIONS && oldest !== undefined) map.delete(oldest);
  }
}

/** The user is part of the key: claims come from a signed token, but a cache must not depend on that. */
const keyOf = ({ userId, sessionId }: AccessClaims): string => `${userId}/${sessionId}`;

const isAbsence = (error: unknown): boolean =>
  !(error instanceof DomainError) || error.kind === 'unavailable' || error.kind === 'timeout';
