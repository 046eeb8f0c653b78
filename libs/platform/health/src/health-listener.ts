import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  Inject,
  Injectable,
  NotFoundException,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Request } from 'express';

export const HEALTH_ADDRESS = Symbol('HEALTH_ADDRESS');

/** Where a service answers /health and /metrics when its own port is for everybody. */
export interface HealthAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const OURS = /^\/(?:health|metrics)(?:[/?]|$)/;

/** Listens where operators and their probes ask, for services that have such an address. */
@Injectable()
export class HealthListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    @Inject(HEALTH_ADDRESS) private readonly address: HealthAddress | null,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** The port of its own; undefined where there is none. */
  get port(): number | undefined {
    const address = this.server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  /** Whether who came in by this local port may see /health and /metrics. */
  answersOn(localPort: number | undefined): boolean {
    return this.address === null || (localPort !== undefined && localPort === this.port);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.address === null) return;
    const application = this.adapterHost.httpAdapter.getInstance<RequestListener>();
    this.server = createServer((request, response) => {
      if (OURS.test(request.url ?? '')) application(request, response);
      else response.writeHead(404).end();
    });
    this.server.listen(this.address.port, this.address.host);
    await once(this.server, 'listening');
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

/** Decides by the port and not by the path, of which there are many spellings. */
@Injectable()
export class HealthPortGuard implements CanActivate {
  constructor(private readonly listener: HealthListener) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (this.listener.answersOn(request.socket.localPort)) return true;
    throw new NotFoundException(`Cannot ${request.method} ${request.path}`);
  }
}
