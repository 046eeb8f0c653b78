// What no C function should ever get: refused before libvirt hears of it, as a rejection that says what is wrong.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection, type OpenOptions } from '../src/connection.ts';
import type { Domain } from '../src/domain.ts';

const URI = 'test:///default';
/** What a caller without types may give. */
const untyped = <T>(value: unknown): T => value as T;

describe('an argument', () => {
  let connection: Connection;
  let domain: Domain;

  beforeAll(async () => {
    connection = await Connection.open(URI);
    domain = await connection.domains.lookupByName('test');
  });

  afterAll(() => connection.close());

  it.each<[string, () => Promise<unknown>]>([
    ['a count below zero', () => domain.setVcpus(-1)],
    ['half a virtual CPU', () => domain.setVcpus(1.5)],
    ['a count beyond an unsigned int', () => domain.setVcpus(2 ** 32)],
    ['a count that is no number', () => domain.setVcpus(Number.NaN)],
    ['half a virtual CPU, with a signal', () => domain.setVcpus(1.5, { signal: new AbortController().signal })],
    ['no count at all', () => domain.setVcpus(untyped(undefined))],
    ['memory below zero', () => domain.setMemory(-1)],
    ['memory beyond what a number tells exactly', () => domain.setMemory(2 ** 53)],
    ['a CPU below zero', () => domain.tuning.pinVcpu(0, [-1])],
    ['no list of CPUs', () => domain.tuning.pinVcpu(0, untyped(undefined))],
    ['a key below zero', () => domain.guest.sendKey([-1])],
    ['a screen that is a text', () => domain.guest.screenshot({ screen: untyped('0') })],
    ['an id beyond an int', () => connection.domains.lookupById(2 ** 31)],
    ['a host CPU that means all of them', () => connection.host.cpuStats({ cpu: -1 })],
    ['a NUMA node beyond an int', () => connection.host.memoryStats({ numaNode: 2 ** 31 })],
    ['pages of no size', () => connection.host.allocatePages([{ sizeKib: -4, count: 1 }])],
    ['a text with NUL', () => connection.domains.lookupByName('te\0st')],
    ['a definition with NUL', () => connection.domains.defineXml('<domain/>\0')],
    ['a name that is a number', () => connection.domains.lookupByName(untyped(7))],
    ['a UUID that is none', () => connection.domains.handle('no-uuid').info()],
    ['a deadline that is no number', () => domain.info({ timeoutMs: Number.NaN })],
    ['a deadline that is a text', () => domain.info({ timeoutMs: untyped('soon') })],
    ['a signal that is none', () => domain.info({ signal: {} as AbortSignal })],
    ['no group of statistics', () => connection.domains.allStats([])],
    ['a group that is none', () => connection.domains.allStats([untyped<'state'>('everything')])],
    ['a parameter that is none', () => domain.tuning.setInterfaceBandwidth('vnet0', untyped({ speed: 1 }))],
    ['a flag that is a text', () => domain.create({ paused: untyped('yes') })],
  ])('is refused when it is %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'LibvirtError', code: 'INVALID_ARG', domain: 'BINDING' });
    expect((await domain.state()).state).toBe('running');
  });

  it.each<[string, string, OpenOptions]>([
    ['a URI that is a number', untyped(7), {}],
    ['a URI with NUL', 'test:///default\0', {}],
    ['a deadline that is no number', URI, { callTimeoutMs: Number.NaN }],
    ['workers below zero', URI, { workers: -1 }],
    ['half a worker', URI, { workers: 1.5 }],
    ['a keep-alive below zero', URI, { keepAlive: { intervalSeconds: -1 } }],
    ['a signal that is none', URI, { signal: {} as AbortSignal }],
  ])('of the opening is refused when it is %s', async (_what, uri, options) => {
    await expect(Connection.open(uri, options)).rejects.toMatchObject({ name: 'LibvirtError', code: 'INVALID_ARG' });
  });

  it('that is at the edge passes: the shortest and the longest deadline', async () => {
    await expect(domain.info({ timeoutMs: Number.POSITIVE_INFINITY })).resolves.toMatchObject({ state: 'running' });
    const shortest = await domain.info({ timeoutMs: -5 }).catch((error: unknown) => error);
    expect(shortest).toEqual(
      expect.objectContaining((shortest as object) instanceof Error ? { code: 'TIMEOUT' } : { state: 'running' }),
    );
  });
});
