import { getSigningKeys, type ReplyInputOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Controller, Get, Header } from '@nestjs/common';
import { HandlesRequest } from '@infinibay/platform-messaging';
import type { JWK } from 'jose';
import { SigningKeys } from './signing-keys.js';

/** The public keys, for anybody who verifies access tokens. */
@Controller()
export class KeysController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('.well-known/jwks.json')
  @Header('cache-control', 'public, max-age=300')
  jwks(): Promise<{ keys: JWK[] }> {
    return this.keys.publicKeys();
  }

  @Authorize()
  @HandlesRequest(getSigningKeys)
  async signingKeys(): Promise<ReplyInputOf<typeof getSigningKeys>> {
    const { keys } = await this.keys.publicKeys();
    return { keys: keys.map((key) => ({ ...key })) };
  }
}
