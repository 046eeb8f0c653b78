import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';

/** @throws DomainError FORBIDDEN */
export const requireAdministrator = (actor: Actor): void => {
  if (!can(actor, 'administer', { kind: 'host', departmentId: null })) throw new DomainError('FORBIDDEN');
};
