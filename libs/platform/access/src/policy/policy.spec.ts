import 'reflect-metadata';
import { DomainError, findVms, hostHeartbeat, vmDeleted, type Actor } from '@infinibay/contracts';
import { HandlesEvent, HandlesReport, HandlesRequest } from '@infinibay/platform-messaging';
import { describe, expect, it } from '@jest/globals';
import { Controller, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, NestFactory, Reflector } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Mutation, Query, ResolveField, ResolveReference, Resolver, Subscription } from '@nestjs/graphql';
import { SubscribeMessage } from '@nestjs/websockets';
import { AuthGuard } from './auth.guard.js';
import { PolicyCheck } from './policy.check.js';
import { Authorize, Public } from './policy.js';

const boot = async (...classes: Type[]): Promise<void> => {
  @Module({ imports: [DiscoveryModule], providers: [PolicyCheck, ...classes] })
  class TestModule {}
  const app = await NestFactory.createApplicationContext(TestModule, { logger: false, abortOnError: false });
  await app.close();
};

describe(PolicyCheck.name, () => {
  @Resolver()
  class Decided {
    @Public()
    @Query(() => String)
    login(): string {
      return 'anybody';
    }
    @Authorize()
    @Mutation(() => String)
    logout(): string {
      return 'somebody';
    }
    helper(): string {
      return 'no edge';
    }
  }

  it('lets a service start when it is said of every method who may call it', async () => {
    await expect(boot(Decided)).resolves.toBeUndefined();
  });

  const forgotten: readonly [string, MethodDecorator][] = [
    ['query', Query(() => String)],
    ['mutation', Mutation(() => String)],
    ['subscription', Subscription(() => String)],
    ['field', ResolveField(() => String)],
    ['reference', ResolveReference()],
    ['request', HandlesRequest(findVms) as MethodDecorator],
    ['event', HandlesEvent(vmDeleted, 'spec') as MethodDecorator],
    ['report', HandlesReport(hostHeartbeat) as MethodDecorator],
    ['socket message', SubscribeMessage('anything')],
  ];
  it.each(forgotten)('refuses to start with a %s of which nobody said it', async (_kind, edge) => {
    @Controller()
    @Resolver()
    class Forgetful {
      anything(): string {
        return 'never reached';
      }
    }
    edge(Forgetful.prototype, 'anything', descriptorOf(Forgetful, 'anything'));
    await expect(boot(Decided, Forgetful)).rejects.toThrow('neither @Authorize nor @Public: Forgetful.anything');
  });

  it('sees a method that is inherited', async () => {
    class Base {
      @Query(() => String)
      inherited(): string {
        return 'never reached';
      }
    }
    @Resolver()
    class Heir extends Base {}
    await expect(boot(Heir)).rejects.toThrow('Heir.inherited');
  });
});

describe(AuthGuard.name, () => {
  class Edge {
    @Public()
    open(): void {
      throw new Error('only its policy is read');
    }
    @Authorize()
    known(): void {
      throw new Error('only its policy is read');
    }
    @Authorize({ role: 'ADMIN' })
    administered(): void {
      throw new Error('only its policy is read');
    }
    undecided(): void {
      throw new Error('only its policy is read');
    }
  }
  const guard = new AuthGuard(new Reflector());
  const member: Actor = { userId: 'u1', sessionId: 's1', role: 'USER', departmentIds: [] };
  const admin: Actor = { ...member, role: 'ADMIN' };

  /** What comes of a call, with the arguments that the edge gives to a method. */
  const call = (method: keyof Edge, type: string, args: unknown[]): unknown => {
    const context = new ExecutionContextHost(args, Edge, descriptorOf(Edge, method).value as () => void);
    context.setType(type);
    try {
      return guard.canActivate(context);
    } catch (error) {
      return error instanceof DomainError ? error.code : error;
    }
  };
  const query = (actor: Actor | null): unknown[] => [{}, { graph: { actor: admin } }, { graph: { actor } }, {}];
  const reference = (actor: Actor | null): unknown[] => [{ graph: { actor: admin } }, { graph: { actor } }, {}];

  it.each([
    ['open', null, true],
    ['open', member, true],
    ['known', null, 'UNAUTHENTICATED'],
    ['known', member, true],
    ['administered', null, 'UNAUTHENTICATED'],
    ['administered', member, 'FORBIDDEN'],
    ['administered', admin, true],
    ['undecided', admin, 'FORBIDDEN'],
  ] as const)('%s, asked by %j: %s, whatever the parent or the arguments say', (method, actor, outcome) => {
    expect([call(method, 'graphql', query(actor)), call(method, 'graphql', reference(actor))]).toEqual([
      outcome,
      outcome,
    ]);
  });

  it('takes the user of a socket from its session', () => {
    const socket = (by: Actor | null): unknown[] => [
      { data: by === null ? {} : { session: { actor: by } } },
      { actor: admin },
    ];
    expect([call('known', 'ws', socket(null)), call('known', 'ws', socket(member))]).toEqual(['UNAUTHENTICATED', true]);
    expect(call('administered', 'ws', socket(member))).toBe('FORBIDDEN');
  });

  it('knows no user of a message that lacks the context of a request', () => {
    expect(call('known', 'graphql', [])).toBe('UNAUTHENTICATED');
    expect(call('known', 'ws', [])).toBe('UNAUTHENTICATED');
  });

  it('lets a message to a handler that has a policy: NATS has checked who sends it', () => {
    expect([call('known', 'rpc', [{}, {}]), call('undecided', 'rpc', [{}, {}])]).toEqual([true, 'FORBIDDEN']);
  });
});

const descriptorOf = (type: { readonly prototype: object }, name: string): PropertyDescriptor => {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
  if (descriptor === undefined) throw new Error(name);
  return descriptor;
};
