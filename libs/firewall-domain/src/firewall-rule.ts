import { DomainError, type FirewallAction, type FirewallDirection, type FirewallProtocol } from '@infinibay/contracts';
import type { z } from 'zod';
import { normaliseRemoteCidr } from './ipv4-range.js';

/** What a rule matches and what it does. Ports are those of the side that answers: the VM's for IN, the other's for OUT. */
export interface RuleDefinition {
  readonly direction: z.infer<typeof FirewallDirection>;
  readonly action: z.infer<typeof FirewallAction>;
  readonly protocol: z.infer<typeof FirewallProtocol>;
  /** null: every port. */
  readonly portFrom: number | null;
  readonly portTo: number | null;
  /** The other end in CIDR form; null: anybody. */
  readonly remoteCidr: string | null;
  /** Lower is matched first. */
  readonly priority: number;
}

export interface FirewallRule extends RuleDefinition {
  readonly id: string;
  /** null: every VM of the department. */
  readonly vmId: string | null;
  readonly enabled: boolean;
}

/** Room is left at both ends for what every VM has. */
export const MIN_PRIORITY = -900;
export const MAX_PRIORITY = 900;
export const MAX_PORT = 65_535;

const PROTOCOLS_WITH_PORTS: ReadonlySet<string> = new Set(['TCP', 'UDP']);

/**
 * Checks a rule as a person wrote it and gives its one written form: a single port becomes a range of one.
 * @throws DomainError PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT
 */
export const normaliseRule = (draft: RuleDefinition): RuleDefinition => {
  const { priority } = draft;
  if (!Number.isInteger(priority) || priority < MIN_PRIORITY || priority > MAX_PRIORITY) {
    throw new DomainError('INVALID_INPUT', { field: 'priority', minimum: MIN_PRIORITY, maximum: MAX_PRIORITY });
  }
  return {
    direction: draft.direction,
    action: draft.action,
    protocol: draft.protocol,
    ...normalisePorts(draft),
    remoteCidr: draft.remoteCidr === null ? null : normaliseRemoteCidr(draft.remoteCidr),
    priority,
  };
};

const normalisePorts = ({
  protocol,
  portFrom,
  portTo,
}: RuleDefinition): { portFrom: number | null; portTo: number | null } => {
  for (const port of [portFrom, portTo]) {
    if (port !== null && (!Number.isInteger(port) || port < 1 || port > MAX_PORT))
      throw new DomainError('PORT_OUT_OF_RANGE', { port });
  }
  if (portFrom === null && portTo === null) return { portFrom: null, portTo: null };
  if (portFrom === null) throw new DomainError('INVALID_INPUT', { field: 'portTo', reason: 'portTo needs portFrom' });
  if (!PROTOCOLS_WITH_PORTS.has(protocol)) {
    throw new DomainError('INVALID_INPUT', { field: 'portFrom', reason: 'only TCP and UDP have ports' });
  }
  const last = portTo ?? portFrom;
  if (last < portFrom)
    throw new DomainError('PORT_OUT_OF_RANGE', { portFrom, portTo: last, reason: 'portFrom is greater than portTo' });
  return { portFrom, portTo: last };
};
