import { describe, expect, it } from '@jest/globals';

import { parseArguments } from './arguments.ts';

const STEPS = [{ name: 'types' }, { name: 'unit' }, { name: 'e2e' }];
const parse = (...argv: string[]) => {
  const { steps, ...rest } = parseArguments(argv, STEPS);
  return { steps: steps.map(({ name }) => name), ...rest };
};

describe(parseArguments, () => {
  it('takes every step when none is named', () => {
    expect(parse()).toEqual({ steps: ['types', 'unit', 'e2e'], jestArgs: [], underLoad: false });
  });

  it('takes its words in any order, and leaves to jest what stands behind two dashes', () => {
    const expected = { steps: ['unit', 'e2e'], jestArgs: ['-t', '--under-load'], underLoad: true };
    expect(parse('--only', 'e2e,unit', '--under-load', '--', '-t', '--under-load')).toEqual(expected);
    expect(parse('--under-load', '--only=unit,e2e', '--', '-t', '--under-load')).toEqual(expected);
  });

  it.each([[['--fast']], [['--only']], [['--only', 'unit', '--only', 'e2e']], [['unit']], [['--only', 'lint']]])(
    'refuses %j and names the steps',
    (argv) => {
      expect(() => parse(...argv)).toThrow('[--only types,unit,e2e]');
    },
  );
});
