import { FilterSpec } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RULES, compileFilter, effectiveRules } from './compiled-filter.js';
import { decide, type Packet } from './decision.js';
import type { FirewallRule } from './firewall-rule.js';

const VM = '0196f5a0-0000-7000-8000-000000000001';
const OTHER_VM = '0196f5a0-0000-7000-8000-000000000002';

const ruleArbitrary = fc
  .record({
    id: fc.uuid(),
    vmId: fc.constantFrom(null, VM, OTHER_VM),
    enabled: fc.boolean(),
    direction: fc.constantFrom('IN' as const, 'OUT' as const),
    action: fc.constantFrom('ACCEPT' as const, 'DROP' as const, 'REJECT' as const),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'ICMP' as const, 'ANY' as const),
    first: fc.integer({ min: 1, max: 30 }),
    length: fc.integer({ min: 0, max: 10 }),
    ported: fc.boolean(),
    remoteCidr: fc.constantFrom(null, '10.0.0.0/8', '10.0.0.5/32', '192.168.0.0/16'),
    priority: fc.integer({ min: -3, max: 3 }),
  })
  .map(({ first, length, ported, ...rule }): FirewallRule => {
    const hasPorts = ported && (rule.protocol === 'TCP' || rule.protocol === 'UDP');
    return { ...rule, portFrom: hasPorts ? first : null, portTo: hasPorts ? first + length : null };
  });
const rulesArbitrary = fc.uniqueArray(ruleArbitrary, { selector: (rule) => rule.id, maxLength: 25 });

const packetArbitrary: fc.Arbitrary<Packet> = fc
  .record({
    direction: fc.constantFrom('IN' as const, 'OUT' as const),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'ICMP' as const, 'OTHER' as const),
    port: fc.integer({ min: 1, max: 45 }),
    remoteAddress: fc.constantFrom('10.0.0.5', '10.9.9.9', '192.168.3.4', '8.8.8.8'),
  })
  .map((packet) => ({ ...packet, port: packet.protocol === 'TCP' || packet.protocol === 'UDP' ? packet.port : null }));

/** The policy said another way: walk the rules of the VM from the most urgent on. */
const decideBySearch = (rules: readonly FirewallRule[], packet: Packet): string => {
  const candidates = rules.filter(
    (rule) =>
      rule.enabled &&
      rule.vmId !== OTHER_VM &&
      rule.direction === packet.direction &&
      ['ANY', packet.protocol].includes(rule.protocol) &&
      (rule.portFrom === null ||
        (packet.port !== null && rule.portFrom <= packet.port && packet.port <= (rule.portTo ?? 0))) &&
      (rule.remoteCidr === null ||
        (rule.remoteCidr === '10.0.0.0/8' && packet.remoteAddress.startsWith('10.')) ||
        (rule.remoteCidr === '10.0.0.5/32' && packet.remoteAddress === '10.0.0.5') ||
        (rule.remoteCidr === '192.168.0.0/16' && packet.remoteAddress.startsWith('192.168.'))),
  );
  const urgent = candidates.sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1))[0];
  return urgent?.action ?? (packet.direction === 'OUT' ? 'ACCEPT' : 'DROP');
};

describe(compileFilter, () => {
  it('does not depend on the order in which rules are read', () => {
    fc.assert(
      fc.property(rulesArbitrary, (rules) => {
        expect(compileFilter([...rules].reverse(), VM)).toEqual(compileFilter(rules, VM));
      }),
    );
  });

  it('lets everything out and nothing in at its end, and fits the contract', () => {
    fc.assert(
      fc.property(rulesArbitrary, (rules) => {
        const compiled = compileFilter(rules, VM);
        expect(compiled.slice(-2)).toEqual(DEFAULT_RULES);
        expect(compiled.at(-1)).toMatchObject({ direction: 'IN', action: 'DROP', protocol: 'ANY', remoteCidr: null });
        expect(FilterSpec.safeParse({ vmId: VM, revision: 1, rules: compiled }).success).toBe(true);
        const priorities = compiled.map((rule) => rule.priority);
        expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
      }),
    );
  });

  it('decides every packet as the most urgent matching rule of the VM says', () => {
    fc.assert(
      fc.property(rulesArbitrary, packetArbitrary, (rules, packet) => {
        const decision = decide(compileFilter(rules, VM), packet);
        expect(decision.action).toBe(decideBySearch(rules, packet));
        expect(decision.ruleIndex).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('never uses disabled rules or those of another VM', () => {
    fc.assert(
      fc.property(rulesArbitrary, (rules) => {
        expect(effectiveRules(rules, VM).every((rule) => rule.enabled && rule.vmId !== OTHER_VM)).toBe(true);
      }),
    );
  });
});

describe(decide, () => {
  it('drops what nothing matches', () => {
    expect(decide([], { direction: 'OUT', protocol: 'TCP', port: 1, remoteAddress: '1.1.1.1' })).toEqual({
      action: 'DROP',
      ruleIndex: null,
    });
  });
});
