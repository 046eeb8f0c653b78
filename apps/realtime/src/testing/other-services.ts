import { randomUUID } from 'node:crypto';
import { DomainError, findVms, getSigningKeys, resolveSession, type Actor, type RequestOf } from '@infinibay/contracts';
import { TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { RequestServer } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { NatsConnection } from '@nats-io/transport-node';
import { SignJWT, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';

/** Answers for the users and vms services, which are outside of the process under test. */
export class OtherServices {
  readonly sessions = new Map<string, Actor>();
  readonly vms = new Map<string, string>();
  /** Sessions that were asked for and are not there, once for each question. */
  readonly refusedSessions: string[] = [];
  /** Whether users can say anything of sessions now. */
  knowsSessions = true;
  /** Sessions that were asked for in vain meanwhile, once for each question. */
  readonly unansweredSessions: string[] = [];
  private readonly keyId = randomUUID();
  private server: RequestServer | undefined;

  private constructor(
    private readonly key: CryptoKey,
    private readonly jwk: JWK,
  ) {}

  static async serve(connection: NatsConnection, logger: Logger): Promise<OtherServices> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const services = new OtherServices(privateKey, await exportJWK(publicKey));
    services.bind(connection, logger);
    return services;
  }

  /** A user with an open session. */
  user(role: Actor['role'], ...departmentIds: string[]): Actor {
    const actor: Actor = { userId: randomUUID(), sessionId: randomUUID(), role, departmentIds };
    this.sessions.set(actor.sessionId, actor);
    return actor;
  }

  vm(departmentId: string): string {
    const vmId = randomUUID();
    this.vms.set(vmId, departmentId);
    return vmId;
  }

  token(actor: Actor, options: { secondsLeft?: number; key?: CryptoKey } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const expires = now + (options.secondsLeft ?? 600);
    return new SignJWT({ sid: actor.sessionId })
      .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE, kid: this.keyId })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(actor.userId)
      .setIssuedAt(Math.min(now, expires - 1))
      .setExpirationTime(expires)
      .sign(options.key ?? this.key);
  }

  private bind(connection: NatsConnection, logger: Logger): void {
    const durations = new MetricsRegistry('others').histogram('handled', 'handled', ['name', 'outcome']);
    this.server = new RequestServer(connection, 'others', logger, durations);
    this.server.serve(getSigningKeys, () =>
      Promise.resolve({ keys: [{ ...this.jwk, kid: this.keyId, alg: 'EdDSA', use: 'sig' }] }),
    );
    this.server.serve(resolveSession, ({ sessionId }: RequestOf<typeof resolveSession>) => {
      if (!this.knowsSessions) {
        this.unansweredSessions.push(sessionId);
        return Promise.reject(new DomainError('SERVICE_UNAVAILABLE'));
      }
      const actor = this.sessions.get(sessionId) ?? null;
      if (actor === null) this.refusedSessions.push(sessionId);
      return Promise.resolve({ actor });
    });
    this.server.serve(findVms, ({ vmIds }: RequestOf<typeof findVms>) =>
      Promise.resolve({
        vms: vmIds.flatMap((vmId) => {
          const departmentId = this.vms.get(vmId);
          return departmentId === undefined
            ? []
            : [{ vmId, departmentId, ownerId: randomUUID(), name: 'web-1', state: 'RUNNING', hostId: null }];
        }),
      }),
    );
  }
}
