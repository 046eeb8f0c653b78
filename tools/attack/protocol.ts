import type { AttackerName } from './attackers/registry.ts';
import type { AttackContext } from './context.ts';

/** What the process of a load is told to do. */
export interface Assignment {
  readonly attacker: AttackerName;
  readonly load: 'harmless' | 'worst';
  readonly context: AttackContext;
}

/** What it says when its first message is out; at its end it tells its counts. */
export const BEGUN = 'begun';
