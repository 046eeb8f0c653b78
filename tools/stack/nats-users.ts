import { SERVICE_NAMES } from '@infinibay/contracts';

import { STREAMS_USER, hostUser, natsAccounts, type Team } from '../nats/accounts.ts';
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

const HOST_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** What names the hosts beside the first one, whose agents are NATS users of their own. */
export const FURTHER_HOSTS_VARIABLE = 'FURTHER_HOST_IDS';

/**
 * Reads ids of hosts with commas between them.
 * @throws RangeError for anything else, and for one that is there twice
 */
export function parseHostIds(text: string): string[] {
  const ids = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [at, id] of ids.entries())
    if (!HOST_ID.test(id) || ids.indexOf(id) !== at)
      throw new RangeError(`${FURTHER_HOSTS_VARIABLE}: not the id of another host: ${id}`);
  return ids;
}

export const FURTHER_HOST_IDS: readonly string[] = parseHostIds(process.env[FURTHER_HOSTS_VARIABLE] ?? '');

/** One NATS user per service, one per further host, one per team, and the one that makes the streams. */
export const natsUserNames = (furtherHostIds: readonly string[] = FURTHER_HOST_IDS): string[] => [
  ...SERVICE_NAMES,
  ...furtherHostIds.map(hostUser),
  ...TEAMS.map(({ user }) => user),
  STREAMS_USER,
];

/** Those of a deployment, whose hosts are named by {@link FURTHER_HOSTS_VARIABLE}. */
export const NATS_USER_NAMES: readonly string[] = natsUserNames();

/** The server's accounts with what the contracts allow each. */
export const stackNatsAccounts = (
  passwords: Readonly<Record<string, string>>,
  hostId: string,
  furtherHostIds: readonly string[] = FURTHER_HOST_IDS,
): NatsAccount[] => natsAccounts({ passwords, hostId, furtherHostIds, teams: TEAMS });
