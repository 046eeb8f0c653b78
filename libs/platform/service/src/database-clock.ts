import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ClockSkew } from '@infinibay/platform-messaging';
import { SQL_CLIENT, type SqlClient } from '@infinibay/platform-persistence';

const EVERY_MS = 30_000;
/** An answer that took longer says too little. */
const LONGEST_ROUND_TRIP_MS = 1_000;

/** Measures how far the clock of the database, which rules leases and due times, is from ours. */
@Injectable()
export class DatabaseClock implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(SQL_CLIENT) private readonly client: SqlClient,
    private readonly skew: ClockSkew,
  ) {}

  onApplicationBootstrap(): void {
    void this.measure();
    this.timer = setInterval(() => void this.measure(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** A database that is away is told by readiness, not here. */
  async measure(): Promise<void> {
    const sent = performance.now();
    const rows = await this.client
      .$queryRawUnsafe<{ ms: number }[]>(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`)
      .then(
        (answer) => answer,
        () => [],
      );
    const roundTripMs = performance.now() - sent;
    const [row] = rows;
    if (row === undefined || roundTripMs > LONGEST_ROUND_TRIP_MS) return;
    this.skew.observe('postgresql', 'server', row.ms - (Date.now() - roundTripMs / 2));
  }
}
