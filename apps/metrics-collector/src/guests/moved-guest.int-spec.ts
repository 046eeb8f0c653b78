import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { metricsFrame } from '../testing/agent-frames.js';
import { RunningCollector } from '../testing/running-collector.js';

/** Two hosts: on the one a guest speaks, and on the other it has a socket too while it is moved there. */
let here: RunningCollector;
let there: RunningCollector;
beforeAll(async () => {
  here = await RunningCollector.start();
  there = await RunningCollector.start({ DATABASE_URL: here.databaseUrl });
});
afterAll(async () => {
  await there.stop();
  await here.stop();
});

const connection = (vmId: string) => here.client.guestConnection.findUnique({ where: { vmId } });
const isHeard = (vmId: string) => pollUntil(() => connection(vmId), { what: 'a guest that is heard' });
const told = async (vmId: string): Promise<(string | undefined)[]> => {
  const rows = await here.client.outboxEvent.findMany({
    where: { subject: { contains: vmId } },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ subject }) => subject.split('.').at(-1));
};
/** What the other collector found before it has been looked at when it has told of this one. */
const hasLooked = async (): Promise<void> => {
  const vmId = randomUUID();
  const guest = await there.startGuest(vmId);
  guest.write(metricsFrame(1));
  await isHeard(vmId);
  await guest.close();
};

it('speaks where it is until it is heard where it goes, and is not silent when nothing comes of that', async () => {
  const vmId = randomUUID();
  const guest = await here.startGuest(vmId);
  guest.write(metricsFrame(1));
  const before = await isHeard(vmId);
  const arriving = await there.startGuest(vmId);
  await hasLooked();
  expect(await connection(vmId)).toEqual(before);
  await arriving.close();
  await hasLooked();
  expect([await connection(vmId), await told(vmId)]).toEqual([before, ['guest-connected']]);

  const arrived = await there.startGuest(vmId);
  arrived.write(metricsFrame(2));
  const isThere = async (): Promise<boolean> => (await connection(vmId))?.place !== before.place;
  await pollUntil(isThere, { what: 'the guest where it has gone' });
  await guest.close();
  await hasLooked();
  expect(await told(vmId)).toEqual(['guest-connected', 'guest-connected']);
  await arrived.close();
});

it('is known by its place also when a collector of before has written of it', async () => {
  const vmId = randomUUID();
  const guest = await here.startGuest(vmId);
  guest.write(metricsFrame(1));
  const { place } = await isHeard(vmId);
  await here.client.guestConnection.update({ where: { vmId }, data: { place: null } });
  await here.restart();
  const isHealed = async (): Promise<boolean> => (await connection(vmId))?.place === place;
  await pollUntil(isHealed, { what: 'its place' });
  const arriving = await there.startGuest(vmId);
  await hasLooked();
  expect([(await connection(vmId))?.place, await told(vmId)]).toEqual([place, ['guest-connected']]);
  await arriving.close();
  await guest.close();
});
