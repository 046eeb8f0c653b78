import { SUBGRAPHS, type ServiceName } from '@infinibay/contracts';
import { IDEMPOTENCY_KEY_HEADER } from '@infinibay/platform-access';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { CORRELATION_HEADER, correlationMiddleware } from './correlation.middleware.js';

const BODY_LIMIT = '256kb';
const PREFLIGHT_SECONDS = 600;
/** For the whole of a request to come in: one that does not holds its body. Node's own 5 minutes are too long. */
const REQUEST_TIMEOUT_MS = 15_000;
const HEADERS_TIMEOUT_MS = 10_000;
/**
 * Of subgraphs, whose callers are our own: a header says who asks with all departments of that user, up to 10,000 with 52
 * bytes each. Node's own 16 KiB end at some 300.
 */
const SUBGRAPH_HEADER_BYTES = 1_048_576;

export interface HttpOptions {
  readonly service: ServiceName;
  /** Largest accepted request body; 256 kB when left out. */
  readonly bodyLimit?: string;
  /** Origins of web pages that may call; none when left out. */
  readonly corsOrigins?: readonly string[];
  /** Connections on which nothing moves for so long are ended, also in the middle of an answer; never when left out. */
  readonly idleTimeoutMs?: number;
  /** What may refuse a request of which only the headers are here. */
  readonly beforeBody?: RequestHandler;
}

/** What stands before every handler of a service, in this order: context, headers, answers to browsers, a first refusal, body. */
export const prepareHttp = (app: NestExpressApplication, options: HttpOptions): void => {
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  // Node looks at it for each connection, as at the two above; only its types know it as an option alone.
  if (SUBGRAPHS.some((subgraph) => subgraph === options.service))
    Reflect.set(server, 'maxHeaderSize', SUBGRAPH_HEADER_BYTES);
  // An answer that nobody reads is given up then.
  if (options.idleTimeoutMs !== undefined) server.setTimeout(options.idleTimeoutMs);
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
  if (options.beforeBody !== undefined) app.use(options.beforeBody);
  // No client of ours packs what it sends, and a small body that is unpacked to a large one costs its sender nothing.
  app.useBodyParser('json', { limit: options.bodyLimit ?? BODY_LIMIT, inflate: false });
};
