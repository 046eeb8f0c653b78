import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { USERS_CONFIG, type UsersConfig } from '../config.js';

/** OWASP's parameters for Argon2id (the library's default variant): 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

@Injectable()
export class PasswordHasher {
  /** Verified when there is no such user, so that the answer takes as long as for one that exists. */
  private readonly nobody = hash(randomBytes(16).toString('base64url'), PARAMETERS);
  private readonly fingerprintKey: Buffer;

  constructor(@Inject(USERS_CONFIG) config: Pick<UsersConfig, 'INTERNAL_KEY'>) {
    this.fingerprintKey = Buffer.from(
      hkdfSync('sha256', config.INTERNAL_KEY, '', 'infinibay password fingerprint', 32),
    );
  }

  /** @returns a PHC string */
  hash(password: string): Promise<string> {
    return hash(password, PARAMETERS);
  }

  /** @param passwordHash undefined for an unknown user: false, after the same work. */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const matches = await verify(passwordHash ?? (await this.nobody), password);
    return matches && passwordHash !== undefined;
  }

  /** Tells equal passwords in repeated requests without anything that could be searched for without our key. */
  fingerprint(password: string): string {
    return createHmac('sha256', this.fingerprintKey).update(password).digest('base64url');
  }
}
