import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { POLICY_METADATA } from './policy.js';

/** Nest's marks of a method that is called from outside. */
const EDGE_METADATA = [
  'graphql:resolver_type',
  'graphql:resolve_property',
  'graphql:resolve_reference',
  'microservices:pattern',
  'websockets:message_mapping',
];

/** Refuses to start a service with a resolver method, message handler or socket message of which nobody said who may call it. */
@Injectable()
export class PolicyCheck implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error that names each method with neither @Authorize nor @Public */
  onModuleInit(): void {
    const classes = [...this.discovery.getProviders(), ...this.discovery.getControllers()].map(
      ({ metatype }) => metatype,
    );
    const missing = [...new Set(classes)].flatMap((type) => (typeof type === 'function' ? this.unguarded(type) : []));
    if (missing.length > 0) throw new Error(`neither @Authorize nor @Public: ${missing.sort().join(', ')}`);
  }

  private unguarded(type: { readonly name: string; readonly prototype?: unknown }): string[] {
    const prototype = type.prototype;
    if (typeof prototype !== 'object' || prototype === null) return [];
    const methods = new MetadataScanner().getAllMethodNames(prototype).map((name) => ({
      name: `${type.name}.${name}`,
      // The scanner leaves accessors out, so nothing runs here.
      method: Reflect.get(prototype, name) as unknown,
    }));
    return methods.filter(({ method }) => this.isUnguardedEdge(method)).map(({ name }) => name);
  }

  private isUnguardedEdge(method: unknown): boolean {
    if (typeof method !== 'function') return false;
    const has = (key: string): boolean => this.reflector.get<unknown>(key, method) !== undefined;
    return EDGE_METADATA.some(has) && !has(POLICY_METADATA);
  }
}
