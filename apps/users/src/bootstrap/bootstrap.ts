import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SigningKeys } from '../keys/signing-keys.js';
import { DemoAdmin } from './demo-admin.js';
import { FirstAdmin } from './first-admin.js';

/**
 * What must stand before the service answers, in this order. Nest runs the hooks of one module side by side, so steps
 * of which one depends on another's result have no hooks of their own.
 */
@Injectable()
export class Bootstrap implements OnModuleInit {
  constructor(
    private readonly keys: SigningKeys,
    private readonly firstAdmin: FirstAdmin,
    private readonly demoAdmin: DemoAdmin,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.keys.load();
    await this.firstAdmin.ensure();
    await this.demoAdmin.ensure();
  }
}
