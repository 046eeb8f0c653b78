import { connect, type Socket } from 'node:net';

/** RFB's word for "no password" (RFC 6143, 7.1.2). */
const SECURITY_NONE = 1;
const LENGTHS = { version: 12, result: 4, serverInit: 24 } as const;
const FRAMEBUFFER_UPDATE = 0;

export interface Screen {
  readonly version: string;
  readonly securityTypes: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly name: string;
}

export interface ViewerOptions {
  /** false: asks to be the only viewer. */
  readonly isShared?: boolean;
}

/** Goes through the whole greeting of VNC (RFC 6143, 7.1 to 7.3), and leaves. */
export const greet = async (path: string, options?: ViewerOptions): Promise<Screen> => {
  const viewer = await Viewer.open(path, options);
  viewer.close();
  return viewer.screen;
};

/** Somebody who looks at a screen. */
export class Viewer {
  private constructor(
    private readonly socket: Socket,
    readonly screen: Screen,
  ) {}

  static async open(path: string, options: ViewerOptions = {}): Promise<Viewer> {
    const socket = connect(path);
    try {
      return new Viewer(socket, await handshake(socket, options));
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Asks for the whole picture. @returns of how many rectangles it is */
  async picture(): Promise<number> {
    const { width, height } = this.screen;
    const request = Buffer.alloc(10);
    request.writeUInt8(3);
    request.writeUInt16BE(width, 6);
    request.writeUInt16BE(height, 8);
    this.socket.write(request);
    const update = await bytesOf(this.socket, 4);
    if (update.readUInt8() !== FRAMEBUFFER_UPDATE) throw new Error('the screen said something else');
    return update.readUInt16BE(2);
  }

  close(): void {
    this.socket.destroy();
  }
}

const handshake = async (socket: Socket, { isShared = true }: ViewerOptions): Promise<Screen> => {
  const version = (await bytesOf(socket, LENGTHS.version)).toString('latin1');
  socket.write(version);
  const securityTypes = [...(await bytesOf(socket, (await bytesOf(socket, 1)).readUInt8()))];
  socket.write(Buffer.of(SECURITY_NONE));
  const result = (await bytesOf(socket, LENGTHS.result)).readUInt32BE();
  if (result !== 0) throw new Error(`refused: ${String(result)}`);
  socket.write(Buffer.of(isShared ? 1 : 0));
  const init = await bytesOf(socket, LENGTHS.serverInit);
  const name = (await bytesOf(socket, init.readUInt32BE(20))).toString();
  return { version, securityTypes, width: init.readUInt16BE(0), height: init.readUInt16BE(2), name };
};

const bytesOf = (socket: Socket, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const look = (): void => {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes === null) return;
      socket.off('readable', look).off('error', reject).off('end', onEnd);
      resolve(bytes);
    };
    const onEnd = (): void => reject(new Error('the screen closed the connection'));
    socket.on('readable', look).on('error', reject).on('end', onEnd);
    look();
  });
