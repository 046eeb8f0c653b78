import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { acceptCorrelationId, runInContext } from './request-context.js';

const capture = () => {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'info',
    format: 'json',
    destination: { write: (line) => void lines.push(line) },
  });
  return { lines, logger };
};

describe('logger', () => {
  it('keeps a name with CR, LF and ANSI codes on its own line', () => {
    const { lines, logger } = capture();
    logger.info({ name: 'evil\r\n\u001b[31m{"level":"error"}' }, 'created');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n\u001b]/);
  });

  it('redacts planted secrets', () => {
    const { lines, logger } = capture();
    logger.info({ password: 'p-secret', req: { authorization: 'a-secret', body: { token: 't-secret' } } }, 'login');
    expect(lines.join('')).not.toMatch(/[pat]-secret/);
  });

  it('adds the correlation id and actor of the running request', () => {
    const { lines, logger } = capture();
    runInContext({ correlationId: 'c-1', causationId: null, actor: { kind: 'user', id: 'u1' } }, () => {
      logger.info('hello');
    });
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      correlationId: 'c-1',
      actor: 'user:u1',
      service: 'test',
      level: 'info',
    });
  });

  it('replaces a correlation id that could break a log line', () => {
    expect(acceptCorrelationId('ok-1')).toBe('ok-1');
    expect(acceptCorrelationId('bad\nid')).not.toContain('\n');
  });
});
