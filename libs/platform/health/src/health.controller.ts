import { Controller, Get, Header, HttpStatus, Inject, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { withoutDeadline } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import { HealthPortGuard } from './health-listener.js';
import { runProbe, type Probe, type ProbeResult } from './probe.js';

export const HEALTH_PROBES = Symbol('HEALTH_PROBES');
export const HEALTH_METRICS = Symbol('HEALTH_METRICS');
/** Of what ClockSkew reports. */
export const HEALTH_CLOCK = Symbol('HEALTH_CLOCK');
export const HEALTH_SERVICE = Symbol('HEALTH_SERVICE');

const CACHE_MS = 1_000;

interface Readiness {
  readonly service: string;
  readonly ready: boolean;
  readonly dependencies: readonly ProbeResult[];
  /** How far others' clocks are from ours; no reason not to be ready. */
  readonly clock: ReturnType<ClockSource['report']>;
}

export interface ClockSource {
  report(): { readonly toleranceSeconds: number; readonly aheadSeconds: Readonly<Record<string, number>> };
}

/** /health/live, /health/ready and /metrics, without authentication; a service with a public port answers them on another. */
@Controller()
@UseGuards(HealthPortGuard)
export class HealthController {
  private cached: { readonly at: number; readonly result: Promise<Readiness> } | undefined;

  constructor(
    @Inject(HEALTH_SERVICE) private readonly service: string,
    @Inject(HEALTH_PROBES) private readonly probes: readonly Probe[],
    @Inject(HEALTH_METRICS) private readonly metrics: MetricsRegistry,
    @Inject(HEALTH_CLOCK) private readonly clock: ClockSource,
  ) {}

  @Get('health/live')
  live(): { service: string; live: true; uptimeSeconds: number } {
    return { service: this.service, live: true, uptimeSeconds: Math.round(process.uptime()) };
  }

  @Get('health/ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<Readiness> {
    const readiness = await this.probe();
    response.status(readiness.ready ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  prometheus(): Promise<string> {
    return this.metrics.registry.metrics();
  }

  /** Many probers at once cost one round of checks a second. */
  private probe(): Promise<Readiness> {
    if (this.cached === undefined || performance.now() - this.cached.at > CACHE_MS) {
      this.cached = { at: performance.now(), result: withoutDeadline(() => this.check()) };
    }
    return this.cached.result;
  }

  private async check(): Promise<Readiness> {
    const dependencies = await Promise.all(this.probes.map(runProbe));
    return {
      service: this.service,
      ready: dependencies.every(({ ok, required }) => ok || required === false),
      dependencies,
      clock: this.clock.report(),
    };
  }
}
