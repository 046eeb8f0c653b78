import { createServer, type Server } from 'node:net';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { anyFreePort, choosePorts } from './free-ports.ts';
import { temporaryState, type TemporaryState } from './test-infrastructure.ts';

let state: TemporaryState;
let file: string;
beforeEach(() => {
  state = temporaryState();
  file = path.join(state.runDir, 'ports.json');
});
afterEach(() => {
  state.remove();
});

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

describe(choosePorts.name, () => {
  it('takes the preferred port while it is free and stays with it', async () => {
    const preferred = await anyFreePort();
    const first = await choosePorts(file, { gateway: preferred });
    expect(first.ports).toEqual({ gateway: preferred });
    first.release();
    const second = await choosePorts(file, { gateway: await anyFreePort() });
    expect(second.ports).toEqual({ gateway: preferred });
    second.release();
  });

  it('takes another port when somebody listens on the preferred one', async () => {
    const preferred = await anyFreePort();
    const server = await occupy(preferred);
    try {
      const { ports, release } = await choosePorts(file, { gateway: preferred });
      expect(ports.gateway).not.toBe(preferred);
      expect(ports.gateway).toBeGreaterThan(0);
      release();
    } finally {
      server.close();
    }
  });

  it('takes another port when another stack has chosen the preferred one and does not listen yet', async () => {
    const preferred = await anyFreePort();
    const first = await choosePorts(file, { gateway: preferred });
    const second = await choosePorts(path.join(state.runDir, 'other.json'), { gateway: preferred });
    expect(second.ports.gateway).not.toBe(preferred);
    first.release();
    second.release();
  });

  it('never gives one port to two names', async () => {
    const preferred = await anyFreePort();
    const { ports, release } = await choosePorts(file, { first: preferred, second: preferred, third: preferred });
    expect(new Set(Object.values(ports)).size).toBe(3);
    release();
  });
});
