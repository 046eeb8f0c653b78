import type { ServiceName } from '@infinibay/contracts';
import { IDEMPOTENCY_KEY_HEADER } from '@infinibay/platform-access';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { CORRELATION_HEADER, correlationMiddleware } from './correlation.middleware.js';

const BODY_LIMIT = '256kb';
const PREFLIGHT_SECONDS = 600;

export interface HttpOptions {
  readonly service: ServiceName;
  /** Largest accepted request body; 256 kB when left out. */
  readonly bodyLimit?: string;
  /** Origins of web pages that may call; none when left out. */
  readonly corsOrigins?: readonly string[];
}

/** What stands before every handler of a service, in this order: context, headers, answers to browsers, body. */
export const prepareHttp = (app: NestExpressApplication, options: HttpOptions): void => {
  app.use(correlationMiddleware(options.service));
  app.use(helmet({ contentSecurityPolicy: false }));
  const origins = options.corsOrigins ?? [];
  if (origins.length > 0) {
    app.enableCors({
      origin: [...origins],
      methods: ['GET', 'POST'],
      allowedHeaders: ['authorization', 'content-type', IDEMPOTENCY_KEY_HEADER, CORRELATION_HEADER],
      exposedHeaders: [CORRELATION_HEADER, 'retry-after'],
      maxAge: PREFLIGHT_SECONDS,
    });
  }
  app.useBodyParser('json', { limit: options.bodyLimit ?? BODY_LIMIT });
};
