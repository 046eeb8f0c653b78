import { DomainError } from '@infinibay/contracts';
import { LibvirtError } from '@infinibay/libvirt';
import { describe, expect, it } from '@jest/globals';
import { Deadline } from '../work/deadline.js';
import { toDomainError } from './libvirt-errors.js';
import { despiteRaces } from './rule-races.js';

const refused = (message: string): Error => {
  const about = { code: 'INTERNAL_ERROR', domain: 'FIREWALL', level: 'error', call: 'virDomainCreate' } as const;
  return toDomainError(new LibvirtError({ ...about, message })) as DomainError;
};
const LOST = refused('internal error: Failed to apply firewall rules ebtables -A x: RULE_DELETE failed');

describe(despiteRaces, () => {
  /** Fails so often with this, and then answers. */
  const callThatFails = (times: number, error: Error) => {
    const seen = { calls: 0 };
    const call = (): Promise<string> => {
      seen.calls += 1;
      return seen.calls <= times ? Promise.reject(error) : Promise.resolve('done');
    };
    return { seen, call };
  };

  it.each([LOST, refused('Failed to run firewall command ebtables: RULE_APPEND failed')])(
    'asks again where a program of the packet filter lost a race',
    async (error) => {
      const { seen, call } = callThatFails(2, error);
      expect(await despiteRaces(Deadline.after(60_000), call)).toBe('done');
      expect(seen.calls).toBe(3);
    },
  );

  it('gives up after some', async () => {
    const { seen, call } = callThatFails(9, LOST);
    await expect(despiteRaces(Deadline.after(60_000), call)).rejects.toBe(LOST);
    expect(seen.calls).toBe(5);
  });

  it.each([
    refused('internal error: process exited while connecting to monitor'),
    new DomainError('VM_BUSY'),
    new Error('nonsense'),
  ])('asks once where anything else is wrong: %s', async (error) => {
    const { seen, call } = callThatFails(1, error);
    await expect(despiteRaces(Deadline.after(60_000), call)).rejects.toBe(error);
    expect(seen.calls).toBe(1);
  });

  it('begins nothing when nobody waits any more', async () => {
    const { seen, call } = callThatFails(1, LOST);
    await expect(despiteRaces(new Deadline(0), call)).rejects.toBe(LOST);
    expect(seen.calls).toBe(1);
  });
});
