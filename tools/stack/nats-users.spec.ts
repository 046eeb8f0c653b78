import { describe, expect, it } from '@jest/globals';

import { parseHostIds, parseTeams } from './nats-users.ts';

const DEPARTMENT = '0196f5a0-0000-7000-8000-0000000000d1';

describe(parseTeams.name, () => {
  it('reads teams with and without the department that they are limited to', () => {
    expect(parseTeams(` audit, billing:${DEPARTMENT} ,`)).toEqual([
      { user: 'audit', departmentId: undefined },
      { user: 'billing', departmentId: DEPARTMENT },
    ]);
    expect(parseTeams('')).toEqual([]);
  });

  it.each(['vms', 'streams', 'consumer', 'a,a', 'A', 'a b', 'a:x', `a:${DEPARTMENT}:b`, 'a.b', '*', '>'])(
    'refuses %j',
    (text) => {
      expect(() => parseTeams(text)).toThrow(RangeError);
    },
  );
});

describe(parseHostIds.name, () => {
  it('reads ids with commas between them', () => {
    const other = DEPARTMENT.replace('d1', 'd2');
    expect(parseHostIds(` ${DEPARTMENT}, ${other} ,`)).toEqual([DEPARTMENT, other]);
    expect(parseHostIds('')).toEqual([]);
  });

  it.each(['host-2', '*', `${DEPARTMENT}>`, `${DEPARTMENT},${DEPARTMENT}`, DEPARTMENT.toUpperCase()])(
    'refuses %j',
    (text) => {
      expect(() => parseHostIds(text)).toThrow(RangeError);
    },
  );
});
