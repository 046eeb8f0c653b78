import { Inject, Injectable } from '@nestjs/common';
import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Change, type Transaction } from '../database.js';
import { seal, unseal } from './key-seal.js';
import { SigningKeyRepository } from './signing-key.repository.js';

interface ActiveKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
}

/** Ed25519 keys of access tokens, one pair for all instances; made by the first instance that starts. */
@Injectable()
export class SigningKeys {
  private active: ActiveKey | undefined;

  constructor(
    private readonly change: Change,
    private readonly keys: SigningKeyRepository,
    @Inject(USERS_CONFIG) private readonly config: Pick<UsersConfig, 'INTERNAL_KEY'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Before the first login. */
  async load(): Promise<void> {
    this.active = await this.change.run(async (tx) => {
      await this.keys.lock(tx);
      return { answer: (await this.loadNewest(tx)) ?? (await this.create(tx)), events: [] };
    });
  }

  /** The key to sign with. */
  current(): ActiveKey {
    if (this.active === undefined) throw new Error('signing keys are read when the service starts');
    return this.active;
  }

  /** Public keys, newest first, as a JWKS (RFC 7517). */
  async publicKeys(): Promise<{ keys: JWK[] }> {
    return { keys: await this.keys.published() };
  }

  private async loadNewest(tx: Transaction): Promise<ActiveKey | undefined> {
    const row = await this.keys.newest(tx);
    if (row === null) return undefined;
    try {
      const jwk = JSON.parse(unseal(row.sealedJwk, row.id, this.config.INTERNAL_KEY)) as JWK;
      return { id: row.id, privateKey: await importPrivate(jwk) };
    } catch (error) {
      // INTERNAL_KEY was changed: the old private key is lost, and a new one takes over.
      this.logger.warn({ err: error, keyId: row.id }, 'the signing key cannot be opened and is retired');
      await this.keys.retire(tx, row.id);
      return undefined;
    }
  }

  private async create(tx: Transaction): Promise<ActiveKey> {
    const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const publicJwk = await exportJWK(pair.publicKey);
    const id = await calculateJwkThumbprint(publicJwk);
    const privateJwk = await exportJWK(pair.privateKey);
    const { kty = '', crv = '', x = '' } = publicJwk;
    const sealedJwk = seal(JSON.stringify(privateJwk), id, this.config.INTERNAL_KEY);
    await this.keys.create(tx, { id, publicJwk: { kty, crv, x, kid: id, alg: 'EdDSA', use: 'sig' }, sealedJwk });
    this.logger.info({ keyId: id }, 'signing key created');
    return { id, privateKey: await importPrivate(privateJwk) };
  }
}

const importPrivate = async (jwk: JWK): Promise<CryptoKey> => {
  const key = await importJWK(jwk, 'EdDSA');
  if (key instanceof Uint8Array) throw new Error('not an asymmetric key');
  return key;
};
