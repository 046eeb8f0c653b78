import { SetMetadata } from '@nestjs/common';

const POLICY = 'infinibay:policy';
export { POLICY as POLICY_METADATA };

/** Who may call a method at the edge of a service. */
export type Policy =
  | { readonly access: 'public' }
  /** @property role the least one; any when left out */
  | { readonly access: 'authorized'; readonly role?: 'ADMIN' };

/** Anybody may call it, signed in or not. */
export const Public = () => SetMetadata(POLICY, { access: 'public' } satisfies Policy);

/**
 * Only who is known may call it. A resolver: the signed-in user, with this role; what that user may do with a resource is
 * asked of `can` once the resource is known. A message: the services that its contract names; NATS lets no other one send it.
 * @throws DomainError (at the call) UNAUTHENTICATED, FORBIDDEN
 */
export const Authorize = (requirement: { readonly role?: 'ADMIN' } = {}) =>
  SetMetadata(POLICY, { access: 'authorized', ...requirement } satisfies Policy);
