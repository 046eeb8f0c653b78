import { DomainError } from '@infinibay/contracts';
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

  it.each([
    ['err', (error: Error) => ({ err: error })],
    ['cause', (error: Error) => ({ code: 'X', cause: error })],
    ['nested', (error: Error) => ({ outcome: { reasons: [error] } })],
    ['details', (error: Error) => ({ err: new DomainError('INTERNAL', { inner: error }) })],
    ['aggregate', (error: Error) => ({ err: new AggregateError([error], 'several') })],
    ['a cause that is no error', (error: Error) => ({ err: new Error('x', { cause: { error } }) })],
  ])('tells the message of an error and of all its causes, given as %s', (_case, fields) => {
    const { lines, logger } = capture();
    const libvirt = Object.assign(new Error('Network is already in use by interface eth0'), { code: 'INTERNAL_ERROR' });
    logger.warn(
      fields(new DomainError('HYPERVISOR_ERROR', {}, { cause: new Error('attach', { cause: libvirt }) })),
      'failed',
    );
    const line = lines[0] ?? '';
    for (const text of ['HYPERVISOR_ERROR', 'attach', 'already in use by interface eth0', 'INTERNAL_ERROR'])
      expect(line).toContain(text);
  });

  it('writes an error that is its own cause, and a cause that is text', () => {
    const { lines, logger } = capture();
    const circular = new Error('round');
    circular.cause = circular;
    logger.warn({ err: circular }, 'a');
    logger.warn({ err: new Error('x', { cause: 'the disk is full' }) }, 'b');
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ err: { message: 'round', cause: { message: 'round' } } });
    expect(lines[1]).toContain('the disk is full');
  });

  it('redacts secrets beside an error', () => {
    const { lines, logger } = capture();
    logger.warn({ err: Object.assign(new Error('x'), { password: 'p-secret' }), token: 't-secret' }, 'failed');
    expect(lines.join('')).not.toMatch(/[pt]-secret/);
  });

  it('replaces a correlation id that could break a log line', () => {
    expect(acceptCorrelationId('ok-1')).toBe('ok-1');
    expect(acceptCorrelationId('bad\nid')).not.toContain('\n');
  });
});
