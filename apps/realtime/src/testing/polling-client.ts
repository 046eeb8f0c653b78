import { connect, type Socket } from 'node:net';
import { pollUntil } from '@infinibay/testing';

/** A real client that polls by hand. Its polls go over one TCP connection, which reads only when it is told to. */
export class PollingClient {
  ended = false;
  /** One after the other: the server takes one message of a connection at a time. */
  private sending: Promise<unknown> = Promise.resolve();
  private readonly pongs: NodeJS.Timeout;

  private constructor(
    private readonly address: URL,
    private readonly socket: Socket,
  ) {
    socket.on('data', () => undefined);
    socket.on('error', () => undefined);
    socket.on('close', () => (this.ended = true));
    // It lives, it only does not read: whoever answers no ping for 20 s is given up.
    this.pongs = setInterval(() => void this.send('3').catch(() => undefined), 5_000).unref();
  }

  /** Opens a connection with a session. */
  static async open(url: string, token: string): Promise<PollingClient> {
    const address = new URL('/socket.io/?EIO=4&transport=polling', url);
    const opened = await (await fetch(address)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    address.searchParams.set('sid', sid);
    const client = new PollingClient(address, connect(Number(address.port), address.hostname));
    await client.send(`40${JSON.stringify({ token })}`);
    await pollUntil(async () => (await (await fetch(address)).text()).includes('["session"'), { what: 'a session' });
    return client;
  }

  /** Of the connection that its polls go over. */
  get port(): number | undefined {
    return this.socket.localPort;
  }

  async send(packet: string): Promise<void> {
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    const sent = this.sending.then(async () => {
      await (await fetch(this.address, { method: 'POST', headers, body: packet })).text();
    });
    this.sending = sent.catch(() => undefined);
    await sent;
  }

  /** Asks for what there is; the one before has to be answered. */
  poll(): void {
    this.socket.write(`GET ${this.address.pathname}${this.address.search} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  /** From now on nothing is read: the kernel's buffers fill up. */
  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  close(): void {
    clearInterval(this.pongs);
    this.socket.destroy();
    void this.send('1').catch(() => undefined);
  }
}
