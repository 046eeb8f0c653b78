import { describe, expect, it } from '@jest/globals';
import { SERVICES } from '../stack/services.ts';
import { lineOf, rowsOf } from './rows.ts';

describe(rowsOf, () => {
  it('has every service ahead and behind when none is named', () => {
    const rows = rowsOf([]);
    for (const { name } of SERVICES) expect(rows).toEqual(expect.arrayContaining([`${name}:120`, `${name}:-120`]));
  });

  it('takes a service, an offset, or several clocks in one row', () => {
    expect(rowsOf(['users', 'vms:-3', 'users:60,vms:-60'])).toEqual([
      'users:120',
      'users:-120',
      'vms:-3',
      'users:60,vms:-60',
    ]);
  });

  it.each(['nobody', 'users:soon', 'users:60,nobody:1'])('refuses %s', (row) => {
    expect(() => rowsOf([row])).toThrow();
  });
});

describe(lineOf, () => {
  const output = 'infinibay: ready\nstep  log in\nnoise\nstep  create\n';
  it('names the step at which a row fails', () => {
    expect(lineOf('users:120', 1, output)).toContain('FAILS at "create" after 1 steps');
    expect(lineOf('users:120', 1, '')).toContain('FAILS at "the start of the stack"');
  });

  it('says what was done in a row that holds', () => {
    expect(lineOf('users:120', 0, output)).toContain('holds: log in, create');
  });
});
