import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { Connection } from '../../native/libvirt-napi/src/index.ts';
import { boundedFigure, quantile, WrongAnswer, type Figure } from '../report/figure.ts';
import { guestXml, type BenchHost } from './fleet.ts';
import { compile } from './reference.ts';

const TIMED = 500;
const COUNTED = 10_000;
const NAME = 'talkative';
/** With a UUID: libvirt takes a definition without one for another guest of the same name. */
const XML = guestXml(NAME).replace('</name>', `</name><uuid>${randomUUID()}</uuid>`);
/** An event of a change arrives before its answer; this long after the last answer none is on its way any more. */
const SETTLED_MS = 500;

/** Changes the definition of one guest: one event each. @returns how many the daemon acknowledged */
async function redefine(connection: Connection, times: number): Promise<number> {
  let acknowledged = 0;
  for (let change = 0; change < times; change += 1) {
    try {
      await connection.domains.defineXml(XML);
      acknowledged += 1;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'DISCONNECTED') throw error;
      return acknowledged;
    }
  }
  return acknowledged;
}

/** E1: how much later than a C callback on a connection of its own our listener hears of an event, p50. */
export async function eventLag(host: BenchHost, connection: Connection): Promise<Figure> {
  const heard: number[] = [];
  const listener = spawn(compile('listener'), [host.uri], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'listening') throw new Error('the C listener does not listen');
  const listen = ({ name }: { name: string }): void => {
    if (name === NAME) heard.push(Number(process.hrtime.bigint()));
  };
  connection.on('lifecycle', listen);
  try {
    await redefine(connection, TIMED);
    await delay(SETTLED_MS);
    if (heard.length !== TIMED) throw new WrongAnswer(`${heard.length} events of ${TIMED} changes`);
    const lags: number[] = [];
    for (const at of heard) {
      const line = await lines.next();
      lags.push((at - Number(line.value)) / 1e6);
    }
    return boundedFigure('E1', quantile(lags, 0.5), 'ms p50', '<= 0.3');
  } finally {
    connection.off('lifecycle', listen);
    listener.kill();
  }
}

/** E3: events of acknowledged changes that were never told, with the daemon killed in the middle. */
export async function lostEvents(host: BenchHost, connection: Connection): Promise<Figure> {
  let told = 0;
  const listen = ({ name }: { name: string }): void => {
    if (name === NAME) told += 1;
  };
  connection.on('lifecycle', listen);
  const returned = new Promise<void>((resolve) => connection.once('reconnected', () => resolve()));
  const before = await redefine(connection, COUNTED / 2);
  host.signalDaemon('SIGKILL');
  await returned;
  const after = await redefine(connection, COUNTED - before);
  await delay(SETTLED_MS);
  connection.off('lifecycle', listen);
  if (before + after !== COUNTED) throw new WrongAnswer(`only ${before + after} of ${COUNTED} changes were made`);
  return boundedFigure('E3', COUNTED - told, `lost of ${COUNTED}`, '= 0');
}
