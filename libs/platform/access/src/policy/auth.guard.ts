import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { POLICY_METADATA, type Policy } from './policy.js';

type EdgeType = 'http' | 'graphql' | 'rpc' | 'ws';

/** Lets a call through when the policy of its method allows it. HTTP routes of ours are for machines and check their callers themselves. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const edge = context.getType<EdgeType>();
    if (edge === 'http') return true;
    const policy = this.reflector.get<Policy | undefined>(POLICY_METADATA, context.getHandler());
    // A start refuses such methods; this one came past it.
    if (policy === undefined) throw new DomainError('FORBIDDEN', { reason: 'no policy' });
    if (policy.access === 'authorized' && edge !== 'rpc')
      checkActor(edge === 'ws' ? socketActor(context) : graphqlActor(context), policy);
    return true;
  }
}

const checkActor = (actor: Actor | null, { role }: { readonly role?: 'ADMIN' }): void => {
  if (actor === null) throw new DomainError('UNAUTHENTICATED');
  if (role !== undefined && actor.role !== role) throw new DomainError('FORBIDDEN', { needs: role });
};

interface GraphqlRequest {
  readonly graph?: { readonly actor: Actor | null };
}

/** Of a resolver: (parent, arguments, context, info), where a reference has no arguments. */
const graphqlActor = (context: ExecutionContext): Actor | null => {
  const isReference = context.getArgs<unknown[]>().length === 3;
  return context.getArgByIndex<GraphqlRequest | undefined>(isReference ? 1 : 2)?.graph?.actor ?? null;
};

interface AuthenticatedSocket {
  readonly data?: { readonly session?: { readonly actor: Actor } };
}

/** Of a socket message: the connection was let in with a session. */
const socketActor = (context: ExecutionContext): Actor | null =>
  context.getArgByIndex<AuthenticatedSocket | undefined>(0)?.data?.session?.actor ?? null;
