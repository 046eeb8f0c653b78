import { randomInt } from 'node:crypto';
import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rowsOf } from './rows.ts';
import { runRow } from './run-row.ts';
import { Scene } from './scene.ts';

const seed = randomInt(1_000_000);
const quick = rowsOf({ quick: true, only: undefined, schedules: 5, seed });

/** How long each took is for `npm run faults`: here only that nothing is lost, left or made twice. */
describe(`faults at exact places, SEED ${String(seed)}`, () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.build();
  });
  afterAll(async () => {
    await scene.stop();
  });

  it.each(quick.map((row) => [row.name, row] as const))(
    '%s: every promise is kept',
    async (_name, row) => {
      const { broken, cleanMs } = await runRow(scene, { ...row, boundMs: () => Infinity });
      expect(broken.filter((text) => !text.startsWith('clean after'))).toEqual([]);
      expect(cleanMs).not.toBeNull();
    },
    patience(400_000),
  );
});
