import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@infinibay/contracts';
import { MAX_BODY_BYTES } from '../limits/limits.js';
import { requestPoints } from './request-points.js';
import { Turns } from './turns.js';

const alive = (): AbortSignal => new AbortController().signal;

describe(Turns, () => {
  it('lets a few requests of one caller run, the others wait in order, and nobody else waits for them', async () => {
    const turns = new Turns({ running: 2, waiting: 10 });
    const [first, second] = [await turns.take('a', alive()), await turns.take('a', alive())];
    const order: number[] = [];
    const waiting = [1, 2, 3].map((number) =>
      turns.take('a', alive()).then((giveBack) => {
        order.push(number);
        return giveBack;
      }),
    );
    await turns.take('b', alive());
    expect([turns.waiting, order]).toEqual([3, []]);
    first();
    first();
    (await waiting[0])?.();
    await waiting[1];
    expect(order).toEqual([1, 2]);
    second();
    await waiting[2];
    expect(turns.waiting).toBe(0);
  });

  it('refuses the one that is too many, and forgets whoever goes away', async () => {
    const turns = new Turns({ running: 1, waiting: 1 });
    const giveBack = await turns.take('a', alive());
    const leaving = new AbortController();
    const left = turns.take('a', leaving.signal);
    await expect(turns.take('a', alive())).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    leaving.abort(new DomainError('DEADLINE_EXCEEDED'));
    await expect(left).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(turns.waiting).toBe(0);
    giveBack();
    await expect(turns.take('a', alive())).resolves.toBeInstanceOf(Function);
  });
});

describe(requestPoints, () => {
  const bodies: [string, IncomingHttpHeaders, number][] = [
    ['none', {}, 25],
    ['a small one', { 'content-length': '255' }, 25],
    ['a larger one', { 'content-length': '2560' }, 35],
    ['the largest', { 'content-length': String(MAX_BODY_BYTES) }, 1_049],
    ['one of unknown length', { 'transfer-encoding': 'chunked' }, 1_049],
    ['one that is not even read', { 'content-length': String(MAX_BODY_BYTES + 1) }, 25],
  ];
  it.each(bodies)('counts the body: %s', (_name, headers, points) => {
    expect(requestPoints({ headers })).toBe(points);
  });
});
