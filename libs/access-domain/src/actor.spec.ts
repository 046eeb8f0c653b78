import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Actor } from '@infinibay/contracts';
import { can, readableDepartments, type Resource, type Verb } from './actor.js';

const member = (departmentIds: string[]): Actor => ({ userId: 'u1', sessionId: 's1', role: 'USER', departmentIds });
const admin: Actor = { userId: 'a1', sessionId: 's2', role: 'ADMIN', departmentIds: [] };
const verbs: Verb[] = ['read', 'create', 'update', 'delete', 'operate', 'administer'];
const kinds: Resource['kind'][] = [
  'vm',
  'placement-group',
  'network',
  'firewall-rule',
  'operation',
  'department',
  'host',
  'platform',
];

describe('can', () => {
  it('gives nothing of another department to a member, whatever the verb and kind', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...verbs),
        fc.constantFrom(...kinds),
        fc.constantFrom('d2', null),
        (verb, kind, departmentId) => {
          expect(can(member(['d1']), verb, { kind, departmentId })).toBe(false);
        },
      ),
    );
  });

  it('lets a member work with the VMs, networks and rules of the department but not change the department', () => {
    expect(can(member(['d1']), 'create', { kind: 'vm', departmentId: 'd1' })).toBe(true);
    expect(can(member(['d1']), 'update', { kind: 'firewall-rule', departmentId: 'd1' })).toBe(true);
    expect(can(member(['d1']), 'delete', { kind: 'placement-group', departmentId: 'd1' })).toBe(true);
    expect(can(member(['d1']), 'read', { kind: 'department', departmentId: 'd1' })).toBe(true);
    expect(can(member(['d1']), 'update', { kind: 'department', departmentId: 'd1' })).toBe(false);
    expect(can(member(['d1']), 'administer', { kind: 'platform', departmentId: 'd1' })).toBe(false);
  });

  it.each(['image', 'template'] as const)('lets all read a shared %s, and members alone use their own', (kind) => {
    const rights = (departmentId: string | null): Verb[] =>
      verbs.filter((verb) => can(member(['d1']), verb, { kind, departmentId }));
    expect(rights(null)).toEqual(['read']);
    expect(rights('d1')).toEqual(['read', 'create', 'update', 'delete', 'operate']);
    expect(rights('d2')).toEqual([]);
    expect(can(admin, 'update', { kind, departmentId: null })).toBe(true);
  });

  it('shows a user to nobody but that user and admins', () => {
    expect(can(member(['d1']), 'read', { kind: 'user', departmentId: null, userId: 'u1' })).toBe(true);
    expect(can(member(['d1']), 'read', { kind: 'user', departmentId: null, userId: 'u2' })).toBe(false);
    expect(can(admin, 'read', { kind: 'user', departmentId: null, userId: 'u2' })).toBe(true);
  });

  it('agrees with its twin for lists', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('d1', 'd2', 'd3')), fc.constantFrom('d1', 'd2', 'd3'), (mine, asked) => {
        const scope = readableDepartments(member(mine));
        const inList = scope.all || scope.departmentIds.includes(asked);
        expect(can(member(mine), 'read', { kind: 'vm', departmentId: asked })).toBe(inList);
      }),
    );
  });
});
