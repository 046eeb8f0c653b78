import { DomainError } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import {
  FIRST_SLOT,
  MAX_PORTS,
  heirOf,
  keptNetworks,
  requirePortsAtRest,
  requireRemovable,
  slotOfNewPort,
  slotOfReplacement,
  wishedNetworks,
  type PortRow,
  type PortsOfVm,
} from './ports.js';

let age = 0;
const row = (networkId: string, slot: number, changes: Partial<PortRow> = {}): PortRow => ({
  id: `row of ${networkId}`,
  networkId,
  slot,
  attachment: 'ATTACHED',
  replacesNetworkId: null,
  createdAt: new Date((age += 1)),
  ...changes,
});
const ports = (...rows: PortRow[]): PortsOfVm => ({ networkId: 'first', rows });
const refusal = (work: () => unknown): unknown => {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof DomainError ? error.code : error;
  }
};
const leaving = { attachment: 'DETACHING' } as const;
const coming = { attachment: 'ATTACHING' } as const;
const FIRST_LEAVES = row('first', FIRST_SLOT, leaving);

describe('the ports of a VM', () => {
  it('are in the order in which it has had them, whatever their slots are', () => {
    const several = ports(row('old', 3), row('new', 1, coming), row('going', 2, leaving));
    expect(wishedNetworks(several)).toEqual(['first', 'old', 'new']);
    expect(keptNetworks(several)).toEqual(['first', 'old', 'new', 'going']);
    expect(keptNetworks(several, ['going'])).toEqual(['first', 'old', 'new']);
  });

  it('have an heir of the first: what takes its place, else what the VM has had longest', () => {
    const old = row('old', 2);
    expect(heirOf(ports(FIRST_LEAVES, row('going', 1, leaving), old, row('new', 3)))).toBe(old);
    const instead = row('instead', 3, { replacesNetworkId: 'first' });
    const changed = ports(FIRST_LEAVES, old, instead);
    expect(heirOf(changed)).toBe(instead);
    expect(wishedNetworks(changed)).toEqual(['instead', 'old']);
    expect(heirOf(ports(FIRST_LEAVES))).toBeUndefined();
    // Nobody would plug that in which is still to come.
    const has = row('has', 4);
    const waiting = { ...row('waits', 1, coming), createdAt: new Date(0) };
    expect(heirOf(ports(FIRST_LEAVES, waiting, has))).toBe(has);
    expect(wishedNetworks(ports(FIRST_LEAVES, waiting, has))).toEqual(['has', 'waits']);
  });

  it('are one in a network, and no more than eight', () => {
    const others = Array.from({ length: MAX_PORTS - 1 }, (_, index) => row(`n${index}`, index + 1));
    expect(slotOfNewPort(ports(), 'new')).toBe(1);
    expect(slotOfNewPort(ports(...others.slice(1)), 'new')).toBe(1);
    expect(refusal(() => slotOfNewPort(ports(...others), 'new'))).toBe('PORT_LIMIT_REACHED');
    // A change needs a ninth for a while.
    expect(slotOfReplacement(ports(...others), 'n3', 'new')).toBe(MAX_PORTS);
    for (const networkId of ['first', 'n3'])
      for (const ask of [slotOfNewPort, (of: PortsOfVm, to: string) => slotOfReplacement(of, 'n0', to)])
        expect(refusal(() => ask(ports(...others.slice(0, 4)), networkId))).toBe('PORT_EXISTS');
    expect(refusal(() => slotOfNewPort(ports(row('going', 1, leaving)), 'going'))).toBe('PORT_BUSY');
  });

  it('go one by one, but for the last that a guest has', () => {
    expect(refusal(() => requireRemovable(ports(), 'first'))).toBe('LAST_PORT');
    expect(refusal(() => requireRemovable(ports(row('new', 1, coming)), 'first'))).toBe('LAST_PORT');
    expect(refusal(() => requireRemovable(ports(FIRST_LEAVES, row('other', 1)), 'other'))).toBe('LAST_PORT');
    expect(refusal(() => requireRemovable(ports(row('other', 1)), 'elsewhere'))).toBe('PORT_NOT_FOUND');
    const several = ports(row('other', 1), row('new', 2, coming), row('going', 3, leaving));
    for (const networkId of ['first', 'other', 'new', 'going'])
      expect(refusal(() => requireRemovable(several, networkId))).toBeNull();
  });

  it('that are changed for another are left alone until that is over', () => {
    const changing = ports(row('other', 1), row('to', 2, { ...coming, replacesNetworkId: 'other' }));
    for (const networkId of ['other', 'to']) {
      expect(refusal(() => requireRemovable(changing, networkId))).toBe('PORT_BUSY');
      expect(refusal(() => slotOfReplacement(changing, networkId, 'new'))).toBe('PORT_BUSY');
    }
    expect(slotOfReplacement(changing, 'first', 'new')).toBe(3);
    expect(refusal(() => slotOfReplacement(changing, 'elsewhere', 'new'))).toBe('PORT_NOT_FOUND');
    expect(refusal(() => requirePortsAtRest(changing.rows))).toBe('PORT_BUSY');
    expect(refusal(() => requirePortsAtRest([row('other', 1)]))).toBeNull();
  });
});
