import { setTimeout as delay } from 'node:timers/promises';
import type { Deadline } from '../work/deadline.js';
import { libvirtMessageOf } from './libvirt-errors.js';

/** What libvirt says when a program of iptables or ebtables failed, in the words of version 9 and of newer ones. */
const RULES_REFUSED = /Failed to (?:apply firewall rules|run firewall command)/;
const ATTEMPTS = 5;
const BETWEEN_MS = 250;
const LONGEST_RULES_MS = 1_000;

/**
 * Debian's ebtables fails when somebody else changes any table of the kernel at the same moment, as our own repairs do:
 * it deletes a rule twice. libvirt then undoes what it had begun, and is asked again here.
 */
export const despiteRaces = async <T>(deadline: Deadline, call: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const pauseMs = attempt * BETWEEN_MS;
      if (attempt === ATTEMPTS || !RULES_REFUSED.test(libvirtMessageOf(error) ?? '')) throw error;
      // What is done in the last moment is done behind the back of a caller who has given up.
      if (!deadline.leaves(pauseMs + LONGEST_RULES_MS)) throw error;
      await delay(pauseMs);
    }
  }
};
