import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ConfigError, loadConfig, redactConfig } from './load-config.js';
import { setting } from './setting.js';

const schema = {
  PORT: setting(z.coerce.number().int(), 'port'),
  KEY: setting(z.string().min(8), 'key', { secret: true }),
  LEVEL: setting(z.enum(['a', 'b']).default('a'), 'level'),
};

describe('loadConfig', () => {
  it('reports every bad key at once and shows no secret', () => {
    expect.assertions(4);
    try {
      loadConfig(schema, { PORT: 'x', KEY: 'hunter2', LEVEL: 'z' });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const { problems, message } = error as ConfigError;
      expect(problems).toHaveLength(3);
      expect(message).not.toContain('hunter2');
      expect(message).toContain('LEVEL ("z")');
    }
  });

  it('takes an empty variable as not set', () => {
    expect(loadConfig(schema, { PORT: '1', KEY: 'long enough', LEVEL: '' })).toEqual({
      PORT: 1,
      KEY: 'long enough',
      LEVEL: 'a',
    });
  });

  it('redacts secrets for the log', () => {
    const config = loadConfig(schema, { PORT: '1', KEY: 'long enough' });
    expect(redactConfig(schema, config)).toEqual({ PORT: 1, KEY: '[redacted]', LEVEL: 'a' });
  });
});
