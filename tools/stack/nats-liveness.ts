import { EVENTS_STREAM } from '@infinibay/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { statfs } from 'node:fs/promises';

import { STREAMS_USER, SUPERVISOR_SUBJECT } from '../nats/accounts.ts';
import type { Liveness } from './liveness.ts';

const ANSWER_WITHIN_MS = 3_000;
/** With less than this on its disk JetStream stores nothing, and no restart would change that. */
const ROOM_BYTES = 1_048_576;

export interface WatchedNats {
  readonly url: string;
  /** Of the user that makes the streams. */
  readonly password: string;
  /** On the filesystem that JetStream stores on. */
  readonly storeDir: string;
  readonly say: (line: string) => void;
}

/** Where the account is another than the installation's, in specs. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Whether JetStream stores what is published. After a full disk nats-server accepts connections, says that it is well,
 * and stores nothing until it is started again; it does not end when asked to either. Small messages of the supervisor's
 * own, of which one is kept, and a question about the stream of events leave that stream as it is.
 */
export async function storesMessages(url: string, { user, password }: Credentials): Promise<boolean> {
  let connection: NatsConnection | undefined;
  try {
    connection = await connect({
      servers: url,
      user,
      pass: password,
      inboxPrefix: `_INBOX.${user}`,
      reconnect: false,
      timeout: ANSWER_WITHIN_MS,
    });
    const options = { timeout: ANSWER_WITHIN_MS };
    const answers = await Promise.all([
      connection.request(SUPERVISOR_SUBJECT, new Date().toISOString(), options),
      connection.request(`$JS.API.STREAM.INFO.${EVENTS_STREAM}`, '', options),
    ]);
    return answers.every((answer) => !hasError(answer.json()));
  } catch {
    return false;
  } finally {
    await connection?.close().catch(() => undefined);
  }
}

const hasError = (answer: unknown): boolean => typeof answer !== 'object' || answer === null || 'error' in answer;

export async function hasRoom(folder: string): Promise<boolean> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  return bavail * bsize >= ROOM_BYTES && (files === 0 || ffree > 0);
}

/** JetStream's liveness: silent is what stores nothing although its disk has room. */
export function natsLiveness(
  { url, password, storeDir, say }: WatchedNats,
  times: Pick<Liveness, 'everyMs' | 'silentForMs'>,
  user = STREAMS_USER,
): Liveness {
  let reported = false;
  const probe = async (): Promise<boolean> => {
    if (await storesMessages(url, { user, password })) {
      reported = false;
      return true;
    }
    const full = !(await hasRoom(storeDir).catch(() => true));
    if (full && !reported) say(`nats stores nothing: the disk of ${storeDir} is full`);
    reported = full;
    return full;
  };
  return { probe, ...times };
}
