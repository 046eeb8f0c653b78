import { describe, expect, it } from '@jest/globals';

import { readArguments } from './arguments.ts';

const read = (command: string, ...given: string[]) => readArguments(command, given, {});

describe(readArguments, () => {
  it('reads how many VMs a fleet shall have, wherever that stands', () => {
    expect(read('start', '--no-demo')).toEqual({ isOfFleet: false, fleetVms: undefined, args: ['--no-demo'] });
    for (const given of [
      ['--no-demo', '--fleet', '20000'],
      ['--fleet=20000', '--no-demo'],
    ])
      expect(read('start', ...given)).toEqual({ isOfFleet: true, fleetVms: 20_000, args: ['--no-demo'] });
  });

  it.each([[[]], [['0']], [['20001']], [['1.5']], [['1e3']], [['many']], [['-3']], [['--no-demo']], [['']]])(
    'refuses a fleet of %j',
    (said) => {
      expect(() => read('start', '--fleet', ...said)).toThrow('--fleet needs the number of VMs, 1 to 20000');
    },
  );

  it.each([
    ['reset', '--fleet=1000'],
    ['reset', '--Fleet'],
    ['stop', 'fleet'],
    ['status', '--fleet', '10'],
    ['start', '--fleett', '10'],
  ])('refuses %s %s, and does nothing to what is real', (command, ...given) => {
    expect(() => read(command, ...given)).toThrow(`${command} does not know`);
  });

  it('is told when npm has kept it for itself', () => {
    expect(() => readArguments('reset', [], { npm_config_fleet: 'true' })).toThrow('npm run reset -- --fleet');
    expect(() => readArguments('start', ['10'], { npm_config_fleet: 'true' })).toThrow('npm start -- --fleet');
  });

  it('takes it as the first argument alone from what belongs to other programs', () => {
    expect(read('logs', '--fleet', 'vms', '-f')).toMatchObject({ isOfFleet: true, args: ['vms', '-f'] });
    expect(read('netns', 'program', '--fleet')).toMatchObject({ isOfFleet: false, args: ['program', '--fleet'] });
  });
});
