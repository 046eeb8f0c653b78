import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@infinibay/contracts';
import { databaseFailure, isTransactionConflict } from './database-failure.js';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe(databaseFailure, () => {
  it.each([
    'P1001',
    'P1002',
    'P1008',
    'P1017',
    'P2024',
    'P2028',
    'ECONNREFUSED',
    'ECONNRESET',
    '57P01',
    '57P02',
    '57P03',
    '53300',
    '08006',
  ])('takes %s as a database that does not answer, however deep it is', (code) => {
    for (const error of [
      coded(code),
      new Error('outer', { cause: coded(code) }),
      Object.assign(new Error('prisma'), {
        code: 'P2010',
        meta: { driverAdapterError: { cause: { originalCode: code } } },
      }),
      new AggregateError([coded(code)]),
    ])
      expect(databaseFailure(error)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it.each(['40001', '40P01', 'P2034'])('takes %s as a transaction that may be begun again', (code) => {
    for (const error of [
      coded(code),
      Object.assign(new Error('prisma'), {
        code: 'P2010',
        meta: { driverAdapterError: { cause: { originalCode: code } } },
      }),
    ]) {
      expect(isTransactionConflict(error)).toBe(true);
      expect(databaseFailure(error)).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { reason: 'conflict' } });
    }
    expect(isTransactionConflict(coded('23505'))).toBe(false);
  });

  it('knows errors of the driver that have no code', () => {
    expect(databaseFailure(new Error('Connection terminated unexpectedly'))).toBeDefined();
    expect(databaseFailure({ cause: { kind: 'ConnectionClosed' } })).toBeDefined();
  });

  it('leaves every other error what it is', () => {
    for (const error of [
      coded('23505'),
      coded('P2002'),
      coded('23503'),
      new TypeError('x'),
      new DomainError('NOT_FOUND', {}, { cause: coded('P1001') }),
      null,
      'P1001',
    ])
      expect(databaseFailure(error)).toBeUndefined();
  });
});
