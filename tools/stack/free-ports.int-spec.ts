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
    expect(await choosePorts(file, { gateway: preferred })).toEqual({ gateway: preferred });
    expect(await choosePorts(file, { gateway: await anyFreePort() })).toEqual({ gateway: preferred });
  });

  it('takes another port when somebody listens on the preferred one', async () => {
    const preferred = await anyFreePort();
    const server = await occupy(preferred);
    try {
      const { gateway } = await choosePorts(file, { gateway: preferred });
      expect(gateway).not.toBe(preferred);
      expect(gateway).toBeGreaterThan(0);
    } finally {
      server.close();
    }
  });

  it('never gives one port to two names', async () => {
    const preferred = await anyFreePort();
    const ports = await choosePorts(file, { first: preferred, second: preferred, third: preferred });
    expect(new Set(Object.values(ports)).size).toBe(3);
  });
});
