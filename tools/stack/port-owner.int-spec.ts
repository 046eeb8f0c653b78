import { createServer } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { anyFreePort } from './free-ports.ts';
import { listensOn } from './port-owner.ts';

describe(listensOn.name, () => {
  it('tells the process that listens from any other', async () => {
    const port = await anyFreePort();
    expect(listensOn(process.pid, port)).toBe(false);
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    try {
      expect(listensOn(process.pid, port)).toBe(true);
      expect(listensOn(process.ppid, port)).toBe(false);
    } finally {
      server.close();
    }
  });
});
