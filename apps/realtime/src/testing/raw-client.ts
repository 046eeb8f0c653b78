import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { pollUntil } from '@infinibay/testing';

/** One masked text frame of a WebSocket client. */
const frame = (text: string): Buffer => {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x81, ...length]), mask, masked]);
};

/** A refusal that says nothing of the client: whoever answers for sessions did not answer in time. */
const IS_PASSING = /"kind":"(?:timeout|unavailable)"/;

/** A real TCP client that speaks socket.io by hand: it reads only when it is told to. */
export class RawClient {
  ended = false;
  private received = '';

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes) => (this.received = (this.received + bytes.toString('latin1')).slice(-65_536)));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.ended = true));
  }

  /**
   * Opens a WebSocket; with a token also a session. It tries again where the server had no answer in time, as clients do.
   * @throws Error with the refusal
   */
  static async open(url: string, token?: string): Promise<RawClient> {
    const client = await RawClient.connected(url);
    if (token === undefined) return client;
    client.send(`40${JSON.stringify({ token })}`);
    const outcome = await pollUntil(() => (client.ended ? '' : /\["session"|44\{.*\}/s.exec(client.received)?.[0]), {
      timeoutMs: 60_000,
      what: 'a session',
    });
    if (outcome === '["session"') return client;
    client.close();
    if (outcome !== '' && !IS_PASSING.test(outcome)) throw new Error(`no session: ${outcome}`);
    return RawClient.open(url, token);
  }

  private static async connected(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const client = new RawClient(connect(Number(port), hostname));
    client.socket.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await client.hears('"sid"');
    // It lives, it only does not read: whoever answers no ping for 20 s is given up.
    const pongs = setInterval(() => {
      client.send('3');
    }, 5_000).unref();
    client.socket.on('close', () => {
      clearInterval(pongs);
    });
    return client;
  }

  /** From now on nothing is read: the kernel's buffers fill up. */
  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  send(...packets: string[]): void {
    this.socket.write(Buffer.concat(packets.map(frame)));
  }

  hasHeard(text: string): boolean {
    return this.received.includes(text);
  }

  hears(text: string): Promise<unknown> {
    return pollUntil(() => this.hasHeard(text), { timeoutMs: 60_000, what: text });
  }

  close(): void {
    this.socket.destroy();
  }
}
