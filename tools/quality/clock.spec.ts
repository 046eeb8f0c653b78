import { beforeAll, describe, expect, it } from '@jest/globals';

import { lintTexts, type LintedText } from './lint-texts.ts';

const RULE = 'infinibay/no-clock';
const head = `import { expect } from '@jest/globals';\nimport { pollUntil } from '@infinibay/testing';\nvoid pollUntil;\n`;

const BAD: readonly (readonly [string, string])[] = [
  ['a difference of two looks at the clock', `const t = Date.now();\nexpect(Date.now() - t).toBeLessThan(5);`],
  [
    'one that was kept in a variable',
    `const t = performance.now();\nconst gone = performance.now() - t;\nexpect(gone).toBeLessThanOrEqual(5);`,
  ],
  [
    'the longest of some',
    `let longest = 0;\nconst t = performance.now();\nlongest = Math.max(longest, performance.now() - t);\nexpect(longest / 2).toBeLessThan(5);`,
  ],
  ['a comparison inside', `const t = Date.now();\nexpect(Date.now() - t < 5).toBe(true);`],
  [
    'the clock of the process',
    `const t = process.hrtime.bigint();\nexpect(process.hrtime.bigint() - t).toBeLessThan(5n);`,
  ],
  ['a lower bound', `const t = Date.now();\nexpect(Date.now() - t).not.toBeGreaterThan(5);`],
  ['what is named so', `const answer = { durationMs: 3 };\nexpect(answer.durationMs).toBeLessThan(5);`],
  ['a sleep', `await new Promise((resolve) => setTimeout(resolve, 100));`],
  ['a sleep in braces', `await new Promise<void>((done) => {\n  setTimeout(done, 100);\n});`],
  ['an imported sleep', `import { setTimeout as delay } from 'node:timers/promises';\nawait delay(100);`],
];

const GOOD: readonly (readonly [string, string])[] = [
  ['counted work', `let turns = 0;\nturns += 1;\nexpect(turns).toBeLessThan(5);`],
  ['CPU time', `const { user } = process.threadCpuUsage();\nexpect(user).toBeLessThan(5);`],
  ['a time that is data', `const at = Date.now() + 1_000;\nexpect({ at }).toEqual({ at });`],
  ['the shape of a duration', `expect({ durationMs: 3 }).toEqual({ durationMs: expect.any(Number) });`],
  ['what a function does later', `expect(() => Date.now() - 1).not.toThrow();`],
  ['the next turn of the loop', `import { setImmediate as next } from 'node:timers/promises';\nawait next();`],
];

const FILE = 'apps/vms/src/x.spec.ts';
let linted: readonly LintedText[];

beforeAll(async () => {
  linted = await lintTexts([...BAD, ...GOOD].map(([, code]) => ({ file: FILE, code: head + code })));
}, 120_000);

describe('the lint of specs refuses', () => {
  it.each(BAD.map(([fact], index) => [fact, index] as const))('%s', (_fact, index) => {
    expect(linted[index]?.rules).toContain(RULE);
  });
});

describe('the lint of specs allows', () => {
  it.each(GOOD.map(([fact], index) => [fact, index + BAD.length] as const))('%s', (_fact, index) => {
    expect(linted[index]?.rules).not.toContain(RULE);
  });
});
