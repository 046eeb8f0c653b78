import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
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

function readRemembered(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

/**
 * One free port per name: the one used last time, else the preferred one, else any. The choice is written to
 * `file`, so that endpoints stay the same from one start to the next.
 */
export async function choosePorts<Name extends string>(
  file: string,
  preferred: Readonly<Record<Name, number>>,
): Promise<Record<Name, number>> {
  const remembered = readRemembered(file);
  const chosen: Record<string, number> = {};
  for (const [name, preference] of Object.entries<number>(preferred)) {
    const taken = new Set(Object.values(chosen));
    const candidates = [remembered[name], preference, 0]
      .filter((port) => port !== undefined)
      .filter((port) => !taken.has(port));
    for (const candidate of candidates) {
      const port = await tryListen(candidate);
      if (port === undefined || taken.has(port)) continue;
      chosen[name] = port;
      break;
    }
    chosen[name] ??= await anyFreePort();
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(chosen, null, 2)}\n`);
  return chosen;
}
