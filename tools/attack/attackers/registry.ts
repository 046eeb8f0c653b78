import type { AttackContext } from '../context.ts';
import type { Attacker } from '../load.ts';
import { anonymous } from './anonymous.ts';
import { consumer } from './consumer.ts';
import { guest } from './guest.ts';
import { member } from './member.ts';
import { socket } from './socket.ts';

/** Everybody whom the platform does not trust, by what they are to it. */
export const ATTACKERS = { member, anonymous, consumer, guest, socket } as const satisfies Record<
  string,
  (context: AttackContext) => Attacker
>;

export type AttackerName = keyof typeof ATTACKERS;

export const ATTACKER_NAMES = Object.keys(ATTACKERS) as readonly AttackerName[];

export const isAttackerName = (name: string): name is AttackerName => name in ATTACKERS;
