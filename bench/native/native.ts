import { cleanUp } from '../cleanup.ts';
import type { Figure } from '../report/figure.ts';
import { contest, inProcessContests, socketContests, type Contest, type Rivals } from './calls.ts';
import { eventLag, lostEvents } from './events.ts';
import { BenchHost, loadBinding, type Binding } from './fleet.ts';
import { besideHungGuests, eventLoopDelay } from './guests.ts';
import { Reference } from './reference.ts';

const WORKERS = 4;
const DOMAINS = 1_000;

type Say = (line: string) => void;

/** B1 to B7, E1 and E3 of the binding, against C, python and @unraid/libvirt over the same libvirt. */
export async function measureNative(say: Say): Promise<readonly Figure[]> {
  const binding = await loadBinding();
  say('installing python3-libvirt and @unraid/libvirt where they are missing');
  const rivals = { c: Reference.inC(), python: await Reference.inPython(), unraid: await Reference.inUnraid() };
  for (const rival of ['python', 'unraid'] as const)
    if (rivals[rival] === undefined) say(`${rival} can't be installed here: no figures of it`);
  try {
    return [...(await inProcess(binding, rivals, say)), ...(await overSocket(binding, rivals, say))];
  } finally {
    rivals.c.end();
    rivals.python?.end();
    rivals.unraid?.end();
  }
}

async function inProcess(binding: Binding, rivals: Rivals, say: Say): Promise<readonly Figure[]> {
  const connection = await binding.Connection.open('test:///default', { workers: WORKERS });
  try {
    const listed = await connection.domains.list();
    return await runAll(inProcessContests(listed.map(({ uuid }) => connection.domains.handle(uuid))), rivals, say);
  } finally {
    await connection.close();
  }
}

async function overSocket(binding: Binding, rivals: Rivals, say: Say): Promise<readonly Figure[]> {
  const host = await BenchHost.start();
  const stopped = cleanUp(() => host.stop());
  const connection = await binding.Connection.open(host.uri, { workers: WORKERS });
  try {
    say(`defining ${DOMAINS} guests`);
    const domains = await host.define(connection, 'bench', DOMAINS);
    const figures = [...(await runAll(socketContests(host.uri, connection, domains, WORKERS), rivals, say))];
    say('B6: creating guests');
    figures.push(...(await eventLoopDelay(host, domains)));
    say('B7: stopping half of them');
    figures.push(...(await besideHungGuests(host, connection, domains)));
    say('E1 and E3: events');
    figures.push(await eventLag(host, connection), await lostEvents(host, connection));
    return figures;
  } finally {
    await connection.close();
    await stopped();
  }
}

async function runAll(contests: readonly Contest[], rivals: Rivals, say: Say): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const entry of contests) {
    say(`${entry.id}: ${entry.run.mode}, ${entry.run.count} calls a round`);
    const measured = await contest(entry, rivals);
    figures.push(...measured);
    // Told at once: the whole takes minutes.
    say(
      measured
        .map(({ id, value, unit, ratio }) => `${id} ${value.toPrecision(4)} ${unit}, ratio ${ratio?.toFixed(2) ?? '-'}`)
        .join('; '),
    );
  }
  return figures;
}
