import { connect, type Socket } from 'node:net';

/** RFB's word for "no password" (RFC 6143, 7.1.2). */
const SECURITY_NONE = 1;
const LENGTHS = { version: 12, result: 4, serverInit: 24 } as const;

export interface Screen {
  readonly version: string;
  readonly securityTypes: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly name: string;
}

/** Goes through the whole greeting of VNC (RFC 6143, 7.1 to 7.3). */
export const greet = async (path: string): Promise<Screen> => {
  const socket = connect(path);
  try {
    const version = (await bytesOf(socket, LENGTHS.version)).toString('latin1');
    socket.write(version);
    const securityTypes = [...(await bytesOf(socket, (await bytesOf(socket, 1)).readUInt8()))];
    socket.write(Buffer.of(SECURITY_NONE));
    const result = (await bytesOf(socket, LENGTHS.result)).readUInt32BE();
    if (result !== 0) throw new Error(`refused: ${String(result)}`);
    // Others may look too.
    socket.write(Buffer.of(1));
    const init = await bytesOf(socket, LENGTHS.serverInit);
    const name = (await bytesOf(socket, init.readUInt32BE(20))).toString();
    return { version, securityTypes, width: init.readUInt16BE(0), height: init.readUInt16BE(2), name };
  } finally {
    socket.destroy();
  }
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
