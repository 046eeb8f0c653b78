import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError, type CompiledRule } from '@infinibay/contracts';
import { BASE_FILTER_NAMES, baseFilterXmls } from './base-filters.js';
import { filterMarker, filterXml, revisionOfMarker } from './filter-xml.js';
import { filterFacts } from './libvirt-answers.js';
import { requireOrderable } from './nwfilter/filter-rules.js';

const VM_ID = '0196f5a0-0000-7000-8000-000000000001';
const rule = (changes: Partial<CompiledRule> = {}): CompiledRule => ({
  direction: 'IN',
  action: 'ACCEPT',
  protocol: 'TCP',
  portFrom: 22,
  portTo: 22,
  remoteCidr: null,
  priority: 0,
  ...changes,
});
const render = (rules: CompiledRule[]): string => filterXml({ vmId: VM_ID, rules }, { marker: filterMarker(7, 'abc') });
const priorities = (xml: string): number[] => [...xml.matchAll(/priority="(-?\d+)"/g)].map((match) => Number(match[1]));

describe('filterXml', () => {
  it('names ports, protocol and the other end of a rule', () => {
    expect(render([rule({ remoteCidr: '10.0.0.0/8', portTo: 25 })])).toContain(
      '<rule action="accept" direction="in" priority="-999"><tcp srcipaddr="10.0.0.0" srcipmask="8" dstportstart="22" dstportend="25"/></rule>',
    );
    expect(
      render([rule({ direction: 'OUT', remoteCidr: '10.1.2.3/32', protocol: 'ANY', portFrom: null, portTo: null })]),
    ).toContain('<all dstipaddr="10.1.2.3" dstipmask="32"/>');
  });

  it('takes a network of everything as no restriction', () => {
    expect(render([rule({ remoteCidr: '0.0.0.0/0' })])).toContain('<tcp dstportstart="22" dstportend="22"/>');
  });

  it('drops connections that begin, so that answers still arrive', () => {
    expect(render([rule({ action: 'DROP', protocol: 'ANY', portFrom: null, portTo: null })])).toContain(
      '<rule action="drop" direction="in" priority="-999"><all state="NEW"/></rule>',
    );
  });

  it('lets a guest ask for an address whatever its rules, and nobody send it one', () => {
    const rules = [rule({ action: 'DROP', direction: 'OUT', protocol: 'ANY', portFrom: null, portTo: null })];
    const xml = render(rules);
    expect(xml).toContain(
      '<rule action="accept" direction="out" priority="-1000"><udp dstipaddr="255.255.255.255" dstipmask="32" srcportstart="68" dstportstart="67"/></rule>',
    );
    expect(xml.match(/<udp /g)).toHaveLength(1);
  });

  it('refers to every base filter and ends by dropping the rest', () => {
    const facts = filterFacts(render([]).replaceAll('"', "'"));
    expect(facts.references).toEqual(BASE_FILTER_NAMES);
    expect(facts.marker).toBe('infinibay-revision-7.abc');
    expect(render([])).toMatch(
      /<rule action="drop" direction="inout" priority="1000"><all comment="[^"]+"\/><\/rule><\/filter>$/,
    );
  });

  it('keeps the order of any 2,000 rules that mean something different in another order', () => {
    const rules = fc.array(
      fc.constantFrom(rule(), rule({ action: 'DROP' }), rule({ action: 'REJECT', direction: 'OUT' })),
      { maxLength: 1_900 },
    );
    fc.assert(
      fc.property(rules, (list) => {
        const found = priorities(render(list)).slice(2, -2);
        expect(found).toHaveLength(list.length);
        found.forEach((priority, index) => {
          const before = found[index - 1];
          if (before === undefined) return;
          expect(priority - before).toBe(list[index]?.action === list[index - 1]?.action ? 0 : 1);
        });
        for (const priority of found) expect(Math.abs(priority)).toBeLessThanOrEqual(999);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses what it could not keep in order', () => {
    const alternating = Array.from({ length: 2_000 }, (_, index) =>
      rule({ action: index % 2 === 0 ? 'ACCEPT' : 'DROP' }),
    );
    for (const refuse of [() => render(alternating), () => requireOrderable(alternating)]) {
      expect(refuse).toThrow(DomainError);
      expect(refuse).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
    expect(() => render(alternating.slice(0, 1_998))).not.toThrow();
    expect(() => render(alternating.slice(0, 1_999))).toThrow(DomainError);
  });

  it('puts the revision into its marker', () => {
    expect(revisionOfMarker(filterMarker(7, 'abc'))).toBe(7);
    expect(revisionOfMarker('infinibay-revision-x.1')).toBeUndefined();
    expect(revisionOfMarker('somebody-else-7.1')).toBeUndefined();
  });
});

describe('base filters', () => {
  it('have UUIDs of their own that never change', () => {
    const uuids = baseFilterXmls().map(({ xml }) => filterFacts(xml).uuid);
    expect(new Set(uuids).size).toBe(BASE_FILTER_NAMES.length);
    expect(baseFilterXmls().map(({ xml }) => filterFacts(xml).uuid)).toEqual(uuids);
  });
});
