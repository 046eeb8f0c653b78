import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';
import { type Domain } from './domain.js';
import { Domains } from './domain-list.js';

const COUNT = 60;

// Lists are read for all domains at once; what they say must be what each says of itself.
describe(Domains.name, () => {
  let connection: Connection;
  let fleet: Domain[];

  const xmlOf = (index: number): string =>
    `<domain type='test'><name>fleet-${index}</name><memory>1000</memory><os><type>hvm</type></os></domain>`;

  const namesOf = async (filter: Parameters<Domains['list']>[0]): Promise<string[]> => {
    const listed = await connection.domains.list(filter);
    return listed.flatMap(({ name }) => (name.startsWith('fleet-') ? [name] : [])).sort();
  };

  beforeAll(async () => {
    connection = await Connection.open('test:///default');
    fleet = await Promise.all(
      Array.from({ length: COUNT }, async (_, index) => {
        // Every sixth is transient; of the others one third each is off, running and paused, and every fourth autostarts.
        if (index % 6 === 5) return connection.domains.createXml(xmlOf(index));
        const domain = await connection.domains.defineXml(xmlOf(index));
        if (index % 4 === 0) await domain.setAutostart(true);
        if (index % 3 > 0) await domain.create();
        if (index % 3 === 2) await domain.suspend();
        return domain;
      }),
    );
  });

  afterAll(async () => {
    for (const domain of fleet) {
      await domain.destroy().catch(() => undefined);
      await domain.undefine().catch(() => undefined);
    }
    await connection.close();
  });

  it('lists every domain with what it says of itself', async () => {
    const listed = (await connection.domains.list()).filter(({ name }) => name.startsWith('fleet-'));
    expect(listed).toHaveLength(COUNT);
    for (const record of listed) {
      const index = Number(record.name.slice('fleet-'.length));
      expect(record).toMatchObject(await connection.domains.handle(record.uuid).state());
      expect(record.persistent).toBe(index % 6 !== 5);
      expect(record.autostart).toBe(index % 6 !== 5 && index % 4 === 0);
      expect(record.id === null).toBe(record.state === 'shutoff');
    }
  });

  it('filters by state, by permanence and by mark, and by several of them', async () => {
    const expected = (wanted: (index: number) => boolean): string[] =>
      Array.from({ length: COUNT }, (_, index) => index)
        .filter(wanted)
        .map((index) => `fleet-${index}`)
        .sort();
    const transient = (index: number): boolean => index % 6 === 5;
    expect(await namesOf({ transient: true })).toEqual(expected(transient));
    expect(await namesOf({ shutoff: true })).toEqual(expected((index) => !transient(index) && index % 3 === 0));
    expect(await namesOf({ paused: true })).toEqual(expected((index) => !transient(index) && index % 3 === 2));
    expect(await namesOf({ autostart: true, running: true })).toEqual(
      expected((index) => !transient(index) && index % 4 === 0 && index % 3 === 1),
    );
    expect(await namesOf({ hasSnapshot: true })).toEqual([]);
  });

  it('stays right while domains come and go', async () => {
    let stopped = false;
    const churn = async (): Promise<void> => {
      while (!stopped) {
        const passing = await connection.domains.createXml(xmlOf(1_000));
        await passing.destroy();
      }
    };
    const running = churn();
    for (let round = 0; round < 50; round += 1) {
      const names = await namesOf({});
      expect(names.filter((name) => name !== 'fleet-1000')).toHaveLength(COUNT);
    }
    stopped = true;
    await running;
  });
});
