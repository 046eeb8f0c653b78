import { patience } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ATTACKER_NAMES } from './attackers/registry.ts';
import { runPhase } from './phase.ts';
import { buildScene, type Scene } from './scene.ts';
import { brokenPromises } from './verdict.ts';
import { composeLimitsMib } from './watch.ts';

/** Long enough for every shot of every attacker; how much slower others become is for `npm run attack` to measure. */
const SECONDS = 8;

describe('the whole system under attack', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await buildScene(() => undefined, {
      INFINIBAY_HYPERVISOR: 'test',
      // What is slow here is not to count as dead.
      INFINIBAY_SILENCE_SECONDS: String(Math.ceil(patience(30_000) / 1_000)),
    });
  });
  afterAll(async () => {
    expect(await scene.system.stop()).toBe(0);
  });

  it.each(ATTACKER_NAMES)('keeps its promises to others while a %s does its worst', async (attacker) => {
    const { system, victim, context } = scene;
    const harmless = await runPhase(system, victim, { attacker, load: 'harmless', context }, SECONDS);
    const attack = await runPhase(system, victim, { attacker, load: 'worst', context }, SECONDS);
    expect(attack.load.sent).toBeGreaterThan(0);
    expect(brokenPromises(harmless, attack, composeLimitsMib())).toEqual([]);
  });
});
