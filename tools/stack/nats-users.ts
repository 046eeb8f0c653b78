import { SERVICE_NAMES } from '@infinibay/contracts';

import { STREAMS_USER, natsAccounts, type Team } from '../nats/accounts.ts';
import type { NatsAccount } from './nats-config.ts';

/** Other teams' read-only access to the events of all departments. */
export const CONSUMER_USER = 'consumer';

const TEAM = /^([a-z0-9][a-z0-9-]{0,62})(?::([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?$/u;

/**
 * Reads `audit,billing:0196f5a0-…`: names of teams, each with the department that it is limited to, if any.
 * @throws RangeError for anything else, and for a name that is taken.
 */
export function parseTeams(text: string): Team[] {
  const teams = text.split(',').map((entry) => entry.trim());
  const taken = new Set<string>([...SERVICE_NAMES, STREAMS_USER, CONSUMER_USER]);
  return teams
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, user, departmentId] = TEAM.exec(entry) ?? [];
      if (user === undefined || taken.has(user)) throw new RangeError(`NATS_TEAMS: not a team: ${entry}`);
      taken.add(user);
      return { user, departmentId };
    });
}

/** What names the teams beside `consumer`. */
export const TEAMS_VARIABLE = 'NATS_TEAMS';

export const TEAMS: readonly Team[] = [
  { user: CONSUMER_USER, departmentId: undefined },
  ...parseTeams(process.env[TEAMS_VARIABLE] ?? ''),
];

/** One NATS user per service, one per team, and the one that makes the streams. */
export const NATS_USER_NAMES: readonly string[] = [...SERVICE_NAMES, ...TEAMS.map(({ user }) => user), STREAMS_USER];

/** The server's accounts with what the contracts allow each. */
export const stackNatsAccounts = (passwords: Readonly<Record<string, string>>, hostId: string): NatsAccount[] =>
  natsAccounts({ passwords, hostId, teams: TEAMS });
