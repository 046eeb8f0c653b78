import { connect as connectSocket } from 'node:net';
import { findContext } from '@infinibay/platform-logging';
import pg from 'pg';

/** For work that nobody gave a deadline; longer than anything that is meant to run. */
const MAX_STATEMENT_MS = 120_000;
/** How long PostgreSQL may take to do as it is asked before its connection is given up. */
const GRACE_MS = 1_000;
const CANCEL_REQUEST = 80_877_102;
/** They end what runs and must get through when the time is over. */
const ENDS_TRANSACTION = /^\s*(?:COMMIT|ROLLBACK|END|ABORT)\b/i;

/**
 * A pool whose statements end with the request that they belong to: at its deadline the server is asked to cancel what
 * runs, nothing new begins, and a connection that does not come back in time is closed. The request is that of the
 * running context, so a statement must be sent from the context that asks for it.
 */
export const createBoundedPool = (config: pg.PoolConfig): pg.Pool => {
  const pool = new pg.Pool(config);
  const take = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  const spent = new WeakSet<pg.PoolClient>();
  const takeInTime = (): Promise<pg.PoolClient> => withinRequest(take());
  pool.on('connect', (client) => {
    // The statement that runs is told; without a listener a connection that breaks in use would end the process.
    client.on('error', () => undefined);
    boundStatements(client, () => spent.add(client));
  });
  // A cancellation that is still on its way would hit the next statement of the connection: another request's.
  pool.on('release', (_error, client) => {
    if (spent.has(client)) void client.end().catch(() => undefined);
  });
  replace(pool, 'connect', takeInTime);
  replace(pool, 'query', async (...args: readonly unknown[]) => {
    const client = await takeInTime();
    try {
      const result = await (client.query as Query)(...args);
      client.release();
      return result;
    } catch (error) {
      // As pg's own: it may be the first word of a connection that breaks.
      client.release(true);
      throw error;
    }
  });
  return pool;
};

type Query = (...args: readonly unknown[]) => Promise<unknown>;

/** pg's own types list a dozen call signatures of which the driver adapter uses the one that gives a promise. */
const replace = <T extends object, K extends keyof T>(
  target: T,
  method: K,
  by: (...args: readonly unknown[]) => unknown,
) => {
  Object.defineProperty(target, method, { value: by, configurable: true, writable: true });
};

/** Waits for a connection no longer than the request does; one that comes too late goes back unused. */
const withinRequest = (taking: Promise<pg.PoolClient>): Promise<pg.PoolClient> => {
  const signal = findContext()?.signal;
  if (signal === undefined) return taking;
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      taking.then(
        (client) => {
          client.release();
        },
        () => undefined,
      );
      reject(cancelled('before it had a connection'));
    };
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    taking.then(
      (client) => {
        signal.removeEventListener('abort', giveUp);
        if (!signal.aborted) resolve(client);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', giveUp);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
};

const boundStatements = (client: pg.PoolClient, onCancel: () => void): void => {
  const query = client.query.bind(client) as Query;
  replace(client, 'query', async (...args: readonly unknown[]) => {
    const ending = ENDS_TRANSACTION.test(textOf(args[0]));
    const signal = findContext()?.signal;
    if (signal?.aborted === true && !ending) throw cancelled('before it began');
    const unwatch = watch(
      signal,
      () => {
        if (!ending) {
          onCancel();
          cancelOnServer(client);
        }
      },
      () => {
        closeAtOnce(client);
      },
    );
    try {
      return await query(...args);
    } finally {
      unwatch();
    }
  });
};

/** Calls `cancel` at the end of the request or after the longest time, and `close` when that did not help. */
const watch = (signal: AbortSignal | undefined, cancel: () => void, close: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    cancel();
    timer = setTimeout(close, GRACE_MS);
  };
  if (signal?.aborted === true) timer = setTimeout(close, GRACE_MS);
  else {
    timer = setTimeout(end, MAX_STATEMENT_MS);
    signal?.addEventListener('abort', end, { once: true });
  }
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  };
};

/** PostgreSQL takes a cancellation on a connection of its own, with what it told at the start of the one that is meant. */
const cancelOnServer = (client: pg.PoolClient): void => {
  const [host, port] = [Reflect.get(client, 'host') as unknown, Reflect.get(client, 'port') as unknown];
  const [processId, secret] = [
    Reflect.get(client, 'processID') as unknown,
    Reflect.get(client, 'secretKey') as unknown,
  ];
  if (typeof host !== 'string' || typeof port !== 'number') return;
  if (typeof processId !== 'number' || typeof secret !== 'number') return;
  const message = Buffer.alloc(16);
  [16, CANCEL_REQUEST, processId, secret].forEach((value, index) => message.writeInt32BE(value, index * 4));
  const socket = connectSocket(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.setTimeout(GRACE_MS, () => socket.destroy());
  socket.on('error', () => undefined);
  socket.end(message);
  socket.resume();
};

const closeAtOnce = (client: pg.PoolClient): void => {
  const connection: unknown = Reflect.get(client, 'connection');
  const stream: unknown = isObject(connection) ? connection['stream'] : undefined;
  if (isObject(stream) && typeof stream['destroy'] === 'function') (stream as { destroy(): void }).destroy();
};

/** As PostgreSQL says it itself when it cancels a statement. */
const cancelled = (when: string): pg.DatabaseError => {
  const error = new pg.DatabaseError(`the request of this statement ended ${when}`, 0, 'error');
  return Object.assign(error, { code: '57014', severity: 'ERROR' });
};

const textOf = (query: unknown): string => {
  const text = isObject(query) ? query['text'] : query;
  return typeof text === 'string' ? text : '';
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
