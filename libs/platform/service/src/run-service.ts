import 'reflect-metadata';
import type { ServiceName } from '@infinibay/contracts';
import type { INestApplication, Type, DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestHandler } from 'express';
import {
  ConfigError,
  loadConfig,
  redactConfig,
  type ConfigOf,
  type ConfigSchema,
  type httpSettings,
} from '@infinibay/platform-config';
import { NestLogger, createLogger, setServiceActor, type Logger } from '@infinibay/platform-logging';
import { startMessaging } from '@infinibay/platform-messaging';
import { prepareHttp } from './prepare-http.js';

type HttpConfigSchema = ConfigSchema & typeof httpSettings;
const SHUTDOWN_LIMIT_MS = 9_000;

export interface ServiceDefinition<S extends HttpConfigSchema> {
  readonly name: ServiceName;
  readonly config: S;
  readonly module: (config: ConfigOf<S>, logger: Logger) => Type | DynamicModule;
  /** Last touches on the application before it listens (WebSocket adapters, static files). */
  readonly configure?: (app: NestExpressApplication, config: ConfigOf<S>, logger: Logger) => Promise<void> | void;
  /** Origins of web pages that may call; none when left out. */
  readonly corsOrigins?: (config: ConfigOf<S>) => readonly string[];
  /** Largest accepted request body; 256 kB when left out. */
  readonly bodyLimit?: string;
  /** Connections on which nothing moves for so long are ended, also in the middle of an answer; never when left out. */
  readonly idleTimeoutMs?: number;
  /** What may refuse a request of which only the headers are here. */
  readonly beforeBody?: (app: NestExpressApplication) => RequestHandler;
}

/** Boots a service: configuration, logger, HTTP, and a shutdown that ends within 10 seconds. */
export const runService = async <S extends HttpConfigSchema>(definition: ServiceDefinition<S>): Promise<void> => {
  const started = performance.now();
  const config = readConfig(definition);
  const logger = createLogger({ service: definition.name, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
  setServiceActor(definition.name);
  catchStrays(logger);
  logger.info({ config: redactConfig(definition.config, config) }, 'configuration');
  try {
    const app = await createApplication(definition, config, logger);
    stopOnSignals(app, logger);
    await startMessaging(app);
    await app.listen(config.HTTP_PORT, config.HTTP_HOST);
    logger.info(
      {
        port: config.HTTP_PORT,
        startedInMs: Math.round(performance.now() - started),
        memoryRssMib: Math.round(process.memoryUsage.rss() / 1_048_576),
      },
      'listening',
    );
  } catch (error) {
    logger.fatal({ err: error }, 'the service could not start');
    process.exit(1);
  }
};

type HttpConfig = ConfigOf<typeof httpSettings>;

const readConfig = <S extends HttpConfigSchema>(definition: ServiceDefinition<S>): ConfigOf<S> & HttpConfig => {
  try {
    return loadConfig(definition.config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${definition.name}: ${error.message}\n`);
    process.exit(78); // EX_CONFIG: restarting does not help
  }
};

const createApplication = async <S extends HttpConfigSchema>(
  definition: ServiceDefinition<S>,
  config: ConfigOf<S>,
  logger: Logger,
): Promise<INestApplication> => {
  const app = await NestFactory.create<NestExpressApplication>(definition.module(config, logger) as Type, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  prepareHttp(app, {
    service: definition.name,
    corsOrigins: definition.corsOrigins?.(config) ?? [],
    ...(definition.bodyLimit === undefined ? {} : { bodyLimit: definition.bodyLimit }),
    ...(definition.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: definition.idleTimeoutMs }),
    ...(definition.beforeBody === undefined ? {} : { beforeBody: definition.beforeBody(app) }),
  });
  await definition.configure?.(app, config, logger);
  return app;
};

/** SIGTERM and SIGINT stop taking work, finish what runs, and exit; whatever hangs is cut off in time. */
const stopOnSignals = (app: INestApplication, logger: Logger): void => {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.warn('shutdown took too long; exiting');
      process.exit(1);
    }, SHUTDOWN_LIMIT_MS).unref();
    await app.close().catch((error: unknown) => {
      logger.error({ err: error }, 'shutdown failed');
    });
    logger.info('stopped');
    logger.flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
};

/** An error that nobody awaited must not end the service silently. */
const catchStrays = (logger: Logger): void => {
  // A full disk or a reader that went away: what was to be printed is lost, the service goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('unhandledRejection', (error) => {
    logger.error({ err: error }, 'unhandled rejection');
  });
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
};
