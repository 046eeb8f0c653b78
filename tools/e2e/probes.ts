import { once } from 'node:events';
import { connect } from 'node:net';
import { GraphError } from '../demo/graph-client.ts';
import type { RunningSystem } from './running-system.ts';

/** The code that something asked is refused with. Any other error goes on. */
export const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'no error',
    (error: unknown) => {
      if (error instanceof GraphError) return error.code;
      throw error;
    },
  );

/** Tries a TCP connection from the host's side of the guests' network. */
export const connectTo = (system: Pick<RunningSystem, 'inNetwork'>, address: string, port: number): Promise<string> => {
  const program = `const s=require('net').connect({host:'${address}',port:${String(port)}});
    s.setTimeout(2500,()=>{console.log('dropped');process.exit()});
    s.on('connect',()=>{console.log('accepted');process.exit()});s.on('error',(e)=>{console.log(e.code);process.exit()})`;
  return system.inNetwork(process.execPath, '-e', program).then((text) => text.trim());
};

/** What a service on a unix socket says first. */
export const greetingOf = async (socketPath: string): Promise<string> => {
  const socket = connect(socketPath);
  try {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString('latin1');
  } finally {
    socket.destroy();
  }
};
