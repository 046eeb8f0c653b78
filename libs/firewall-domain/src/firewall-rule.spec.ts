import { CompiledRule } from '@infinibay/contracts';
import { DomainError } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normaliseRule, type RuleDefinition } from './firewall-rule.js';
import { normaliseRemoteCidr, rangeOf } from './ipv4-range.js';

const draft = (change: Partial<RuleDefinition>): RuleDefinition => ({
  direction: 'IN',
  action: 'ACCEPT',
  protocol: 'TCP',
  portFrom: 22,
  portTo: null,
  remoteCidr: null,
  priority: 0,
  ...change,
});
const codeOf = (change: Partial<RuleDefinition>): unknown => {
  try {
    return normaliseRule(draft(change));
  } catch (error) {
    return error instanceof DomainError ? error.code : error;
  }
};

describe(normaliseRule, () => {
  it('writes a single port as a range of one', () => {
    expect(normaliseRule(draft({}))).toMatchObject({ portFrom: 22, portTo: 22 });
  });

  it.each([
    [{ portFrom: 70_000 }],
    [{ portFrom: 0 }],
    [{ portFrom: -1 }],
    [{ portFrom: 1, portTo: 65_536 }],
    [{ portFrom: 80, portTo: 22 }],
    [{ portFrom: 1.5 }],
    [{ protocol: 'ICMP', portFrom: 70_000 }],
  ] as const)('refuses the ports of %j', (change) => {
    expect(codeOf(change)).toBe('PORT_OUT_OF_RANGE');
  });

  it.each([
    [{ protocol: 'ICMP' }],
    [{ protocol: 'ANY' }],
    [{ portFrom: null, portTo: 22 }],
    [{ priority: 901 }],
    [{ priority: 0.5 }],
  ] as const)('refuses %j as invalid', (change) => {
    expect(codeOf(change)).toBe('INVALID_INPUT');
  });

  it.each(['10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/8', '', 'any', '10.0.0.0/-1', '010.0.0.1'])(
    'refuses the remote %j',
    (remoteCidr) => {
      expect(codeOf({ remoteCidr })).toBe('MALFORMED_ADDRESS');
    },
  );

  it('changes nothing more the second time, and gives what the contract allows', () => {
    const port = fc.option(fc.integer({ min: -5, max: 70_000 }));
    const drafts = fc.record<RuleDefinition>({
      direction: fc.constantFrom('IN', 'OUT'),
      action: fc.constantFrom('ACCEPT', 'DROP', 'REJECT'),
      protocol: fc.constantFrom('TCP', 'UDP', 'ICMP', 'ANY'),
      portFrom: port,
      portTo: port,
      remoteCidr: fc.option(
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
      ),
      priority: fc.integer({ min: -1_000, max: 1_000 }),
    });
    fc.assert(
      fc.property(drafts, (value) => {
        let once: RuleDefinition;
        try {
          once = normaliseRule(value);
        } catch (error) {
          expect(['PORT_OUT_OF_RANGE', 'INVALID_INPUT', 'MALFORMED_ADDRESS']).toContain(
            (error as { code?: string }).code,
          );
          return;
        }
        expect(normaliseRule(once)).toEqual(once);
        expect(CompiledRule.safeParse(once).success).toBe(true);
      }),
    );
  });
});

describe(normaliseRemoteCidr, () => {
  it.each([
    ['10.1.2.3', '10.1.2.3/32'],
    [' 10.1.2.3/8 ', '10.0.0.0/8'],
    ['255.255.255.255/0', '0.0.0.0/0'],
  ])('writes %j as %s', (text, expected) => {
    expect(normaliseRemoteCidr(text)).toBe(expected);
  });

  it('keeps the address within the range that it writes', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const { first, last } = rangeOf(normaliseRemoteCidr(`${address}/${prefix}`));
        const own = rangeOf(address).first;
        expect(first <= own && own <= last).toBe(true);
        expect(last - first + 1).toBe(2 ** (32 - prefix));
      }),
    );
  });
});
