import {
  LIVE_EVENTS_SUBJECTS,
  REPORT_CONTRACTS,
  REQUEST_CONTRACTS,
  SERVICE_NAMES,
  STREAM_FOLLOWERS,
  requestSubject,
  type ServiceName,
} from '@infinibay/contracts';

import type { NatsAccount, NatsExport, NatsImport } from '../stack/nats-config.ts';
import {
  consumerCalls,
  publishedReport,
  servicePermissions,
  streamCallsOf,
  teamPermissions,
  type StreamCalls,
} from './permissions.ts';

/** The account that holds the streams; also the name of its only user, who makes them. */
export const STREAMS_USER = 'streams';
/** Where who runs the server shows that it stores what is published. */
export const SUPERVISOR_SUBJECT = `infinibay.health.v1.${STREAMS_USER}`;

/** Another team's access to events. */
export interface Team {
  readonly user: string;
  /** Only this department's events; those of all departments when undefined. */
  readonly departmentId: string | undefined;
}

export interface AccountInputs {
  /** By user. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly hostId: string;
  readonly teams: readonly Team[];
}

/** A service that nobody answers. */
const NO_ACCOUNT_INFO = 'infinibay.none';
/**
 * An account that imports this call is not given the whole JetStream API, whose answer "not enabled" would come beside
 * those that we import.
 */
const ACCOUNT_INFO = '$JS.API.INFO';

const TEAM_LIMITS = { maxConnections: 16, maxSubscriptions: 256, maxPayloadBytes: 65_536 };

const streamExports = (account: string, { once, severalTimes }: StreamCalls): NatsExport[] => [
  ...once.map((subject): NatsExport => ({ kind: 'service', subject, accounts: [account] })),
  ...severalTimes.map((subject): NatsExport => ({
    kind: 'service',
    subject,
    accounts: [account],
    streamsAnswers: true,
  })),
];

const streamImports = ({ once, severalTimes }: StreamCalls): NatsImport[] => [
  { kind: 'service', account: STREAMS_USER, subject: NO_ACCOUNT_INFO, to: ACCOUNT_INFO },
  ...[...once, ...severalTimes].map((subject): NatsImport => ({ kind: 'service', account: STREAMS_USER, subject })),
];

/** JetStream lives here and nobody but who makes the streams: what JetStream is talked into sending is heard by no service. */
const streamsAccount = ({ passwords, hostId, teams }: AccountInputs): NatsAccount => ({
  name: STREAMS_USER,
  jetstream: true,
  users: [
    {
      user: STREAMS_USER,
      password: passwords[STREAMS_USER] ?? '',
      permissions: { publish: ['$JS.API.>', SUPERVISOR_SUBJECT], subscribe: [`_INBOX.${STREAMS_USER}.>`] },
      keepsStreams: true,
    },
  ],
  exports: [
    ...SERVICE_NAMES.flatMap((service) => streamExports(service, streamCallsOf(service, hostId))),
    ...teams.flatMap(({ user }) => streamExports(user, consumerCalls(user))),
    { kind: 'stream', subject: LIVE_EVENTS_SUBJECTS, accounts: STREAM_FOLLOWERS },
    { kind: 'service', subject: NO_ACCOUNT_INFO, accounts: [...SERVICE_NAMES, ...teams.map(({ user }) => user)] },
  ],
  imports: [],
});

const exportsOf = (service: ServiceName, hostId: string): NatsExport[] => [
  ...REQUEST_CONTRACTS.filter(({ owner, callers }) => owner === service && callers.length > 0).map(
    (contract): NatsExport => ({
      kind: 'service',
      subject: requestSubject(contract, hostId),
      accounts: contract.callers,
    }),
  ),
  ...REPORT_CONTRACTS.filter(({ producer, consumers }) => producer === service && consumers.length > 0).map(
    (contract): NatsExport => ({
      kind: 'stream',
      subject: publishedReport(contract, hostId),
      accounts: contract.consumers,
    }),
  ),
];

const importsOf = (service: ServiceName, hostId: string): NatsImport[] => [
  ...REQUEST_CONTRACTS.filter(({ owner, callers }) => owner !== service && callers.includes(service)).map(
    (contract): NatsImport => ({ kind: 'service', account: contract.owner, subject: requestSubject(contract, hostId) }),
  ),
  ...REPORT_CONTRACTS.filter(({ producer, consumers }) => producer !== service && consumers.includes(service)).map(
    (contract): NatsImport => ({
      kind: 'stream',
      account: contract.producer,
      subject: publishedReport(contract, hostId),
    }),
  ),
  ...(STREAM_FOLLOWERS.includes(service)
    ? [{ kind: 'stream', account: STREAMS_USER, subject: LIVE_EVENTS_SUBJECTS } as const]
    : []),
];

const serviceAccount = (service: ServiceName, { passwords, hostId }: AccountInputs): NatsAccount => ({
  name: service,
  users: [{ user: service, password: passwords[service] ?? '', permissions: servicePermissions(service, hostId) }],
  exports: exportsOf(service, hostId),
  imports: [...importsOf(service, hostId), ...streamImports(streamCallsOf(service, hostId))],
});

const teamAccount = ({ user }: Team, { passwords }: AccountInputs): NatsAccount => ({
  name: user,
  users: [{ user, password: passwords[user] ?? '', permissions: teamPermissions(user) }],
  exports: [],
  imports: streamImports(consumerCalls(user)),
  limits: TEAM_LIMITS,
});

/**
 * Every user in an account of its own, from the contracts alone. A reply subject means nothing outside of the account
 * of who asked: whatever a user names, the answer can only come to that user.
 */
export const natsAccounts = (inputs: AccountInputs): NatsAccount[] => [
  streamsAccount(inputs),
  ...SERVICE_NAMES.map((service) => serviceAccount(service, inputs)),
  ...inputs.teams.map((team) => teamAccount(team, inputs)),
];
