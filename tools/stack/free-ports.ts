import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';

/** Listens for an instant on 127.0.0.1; resolves with the port, or undefined when it is taken. 0 means any. */
function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(address !== null && typeof address === 'object' ? address.port : undefined);
      });
    });
  });
}

/** A port that nothing listens on now. */
export async function anyFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === undefined) throw new Error('the kernel has no free port on 127.0.0.1');
  return port;
}

/**
 * Takes a port for this process among all stacks of the machine, whether or not anybody listens on it yet: services bind
 * their ports seconds after the choice. An abstract socket's name is free again when its process ends, however it ends.
 */
function reserve(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(`\0infinibay-port-${String(port)}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

interface ReservedPort {
  readonly port: number;
  readonly reservation: Server;
}

/** Reserves the port if nobody listens on it and no other stack has chosen it; 0 means any. */
async function tryReserve(candidate: number): Promise<ReservedPort | undefined> {
  const port = await tryListen(candidate);
  const reservation = port === undefined ? undefined : await reserve(port);
  return port === undefined || reservation === undefined ? undefined : { port, reservation };
}

async function reserveFirst(candidates: readonly number[]): Promise<ReservedPort> {
  for (const candidate of candidates) {
    const reserved = await tryReserve(candidate);
    if (reserved !== undefined) return reserved;
  }
  throw new Error(`no port is free on 127.0.0.1`);
}

function readRemembered(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

export interface ChosenPorts<Name extends string> {
  readonly ports: Record<Name, number>;
  /** Lets other stacks choose them again. */
  readonly release: () => void;
}

/** Any free port, asked for several times: the kernel may offer one that another stack has chosen and not bound yet. */
const ANY = [0, 0, 0, 0, 0];

/**
 * One free port per name: the one used last time, else the preferred one, else any. The choice is written to
 * `file`, so that endpoints stay the same from one start to the next, and is this process's until it releases it or ends.
 */
export async function choosePorts<Name extends string>(
  file: string,
  preferred: Readonly<Record<Name, number>>,
): Promise<ChosenPorts<Name>> {
  const remembered = readRemembered(file);
  const chosen: Record<string, number> = {};
  const reservations: Server[] = [];
  for (const [name, preference] of Object.entries<number>(preferred)) {
    const candidates = [remembered[name], preference, ...ANY].filter((port) => port !== undefined);
    const { port, reservation } = await reserveFirst(candidates);
    chosen[name] = port;
    reservations.push(reservation);
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(chosen, null, 2)}\n`);
  return {
    ports: chosen,
    release: () => {
      for (const reservation of reservations) reservation.close();
    },
  };
}
