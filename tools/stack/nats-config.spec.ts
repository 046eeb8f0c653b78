import { describe, expect, it } from '@jest/globals';

import { natsServerConfig, sharedAccount } from './nats-config.ts';

const settings = {
  port: 1,
  monitorPort: 2,
  storeDir: '/s',
  pidFile: '/p',
  accounts: [sharedAccount([{ user: 'a"b', password: 'p\\w', permissions: { publish: ['x.>'], subscribe: ['y.*'] } }])],
};

describe(natsServerConfig.name, () => {
  it('listens on the loopback address only', () => {
    expect(natsServerConfig(settings)).toContain('listen: "127.0.0.1:1"');
    expect(natsServerConfig(settings)).toContain('http: "127.0.0.1:2"');
  });

  it('keeps quotes and backslashes of names and passwords inside their strings', () => {
    expect(natsServerConfig(settings)).toContain(String.raw`user: "a\"b", password: "p\\w"`);
  });

  it('lists what each user may publish and subscribe', () => {
    expect(natsServerConfig(settings)).toMatch(
      /publish: \{ allow: \["x\.>"\] \}\s+subscribe: \{ allow: \["y\.\*"\] \}/u,
    );
  });
});
