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
  /** The host whose agent is the user `hypervisor-agent`. */
  readonly hostId: string;
  /** Hosts whose agents are users of their own; see hostUser. */
  readonly furtherHostIds?: readonly string[];
  readonly teams: readonly Team[];
}

const AGENT: ServiceName = 'hypervisor-agent';

/** The NATS user, and account, of the agent of a further host. */
export const hostUser = (hostId: string): string => `${AGENT}-${hostId}`;

/** Who speaks for a service, each in an account of its own. */
interface Speaker {
  readonly user: string;
  readonly hostId: string;
}

/** No agent is heard as that of another host, and none hears what another is asked. */
const speakersOf = (service: ServiceName, { hostId, furtherHostIds = [] }: AccountInputs): Speaker[] => [
  { user: service, hostId },
  ...(service === AGENT ? furtherHostIds.map((id) => ({ user: hostUser(id), hostId: id })) : []),
];

const accountsOf = (services: readonly ServiceName[], inputs: AccountInputs): string[] =>
  services.flatMap((service) => speakersOf(service, inputs).map(({ user }) => user));

/** A service that nobody answers. */
const NO_ACCOUNT_INFO = 'infinibay.none';
/**
 * An account that imports this call is not given the whole JetStream API, whose answer "not enabled" would come beside
 * those that we import.
 */
const ACCOUNT_INFO = '$JS.API.INFO';

const TEAM_LIMITS = { maxConnections: 16, maxSubscriptions: 256, maxPayloadBytes: 65_536 };

/** One export for each subject, as the server demands: what agents of several hosts call alike is for all of them. */
const streamExports = (calls: readonly (readonly [account: string, calls: StreamCalls])[]): NatsExport[] => {
  const exports = new Map<string, NatsExport & { readonly accounts: string[] }>();
  const offer = (account: string, subject: string, more: Pick<NatsExport, 'streamsAnswers'> = {}): void => {
    const known = exports.get(subject) ?? { kind: 'service', subject, accounts: [], ...more };
    known.accounts.push(account);
    exports.set(subject, known);
  };
  for (const [account, { once, severalTimes }] of calls) {
    for (const subject of once) offer(account, subject);
    for (const subject of severalTimes) offer(account, subject, { streamsAnswers: true });
  }
  return [...exports.values()];
};

const streamImports = ({ once, severalTimes }: StreamCalls): NatsImport[] => [
  { kind: 'service', account: STREAMS_USER, subject: NO_ACCOUNT_INFO, to: ACCOUNT_INFO },
  ...[...once, ...severalTimes].map((subject): NatsImport => ({ kind: 'service', account: STREAMS_USER, subject })),
];

/** JetStream lives here and nobody but who makes the streams: what JetStream is talked into sending is heard by no service. */
const streamsAccount = (inputs: AccountInputs): NatsAccount => ({
  name: STREAMS_USER,
  jetstream: true,
  users: [
    {
      user: STREAMS_USER,
      password: inputs.passwords[STREAMS_USER] ?? '',
      permissions: { publish: ['$JS.API.>', SUPERVISOR_SUBJECT], subscribe: [`_INBOX.${STREAMS_USER}.>`] },
      keepsStreams: true,
    },
  ],
  exports: [
    ...streamExports([
      ...SERVICE_NAMES.flatMap((service) =>
        speakersOf(service, inputs).map(({ user, hostId }) => [user, streamCallsOf(service, hostId)] as const),
      ),
      ...inputs.teams.map(({ user }) => [user, consumerCalls(user)] as const),
    ]),
    { kind: 'stream', subject: LIVE_EVENTS_SUBJECTS, accounts: STREAM_FOLLOWERS },
    {
      kind: 'service',
      subject: NO_ACCOUNT_INFO,
      accounts: [...accountsOf(SERVICE_NAMES, inputs), ...inputs.teams.map(({ user }) => user)],
    },
  ],
  imports: [],
});

const exportsOf = (service: ServiceName, hostId: string, inputs: AccountInputs): NatsExport[] => [
  ...REQUEST_CONTRACTS.filter(({ owner, callers }) => owner === service && callers.length > 0).map(
    (contract): NatsExport => ({
      kind: 'service',
      subject: requestSubject(contract, hostId),
      accounts: accountsOf(contract.callers, inputs),
    }),
  ),
  ...REPORT_CONTRACTS.filter(({ producer, consumers }) => producer === service && consumers.length > 0).map(
    (contract): NatsExport => ({
      kind: 'stream',
      subject: publishedReport(contract, hostId),
      accounts: accountsOf(contract.consumers, inputs),
    }),
  ),
];

const importsOf = (service: ServiceName, inputs: AccountInputs): NatsImport[] => [
  ...REQUEST_CONTRACTS.filter(({ owner, callers }) => owner !== service && callers.includes(service)).flatMap(
    (contract) =>
      speakersOf(contract.owner, inputs).map(({ user, hostId }): NatsImport => ({
        kind: 'service',
        account: user,
        subject: requestSubject(contract, hostId),
      })),
  ),
  ...REPORT_CONTRACTS.filter(({ producer, consumers }) => producer !== service && consumers.includes(service)).flatMap(
    (contract) =>
      speakersOf(contract.producer, inputs).map(({ user, hostId }): NatsImport => ({
        kind: 'stream',
        account: user,
        subject: publishedReport(contract, hostId),
      })),
  ),
  ...(STREAM_FOLLOWERS.includes(service)
    ? [{ kind: 'stream', account: STREAMS_USER, subject: LIVE_EVENTS_SUBJECTS } as const]
    : []),
];

const serviceAccount = (service: ServiceName, { user, hostId }: Speaker, inputs: AccountInputs): NatsAccount => ({
  name: user,
  users: [{ user, password: inputs.passwords[user] ?? '', permissions: servicePermissions(service, hostId, user) }],
  exports: exportsOf(service, hostId, inputs),
  imports: [...importsOf(service, inputs), ...streamImports(streamCallsOf(service, hostId))],
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
  ...SERVICE_NAMES.flatMap((service) =>
    speakersOf(service, inputs).map((speaker) => serviceAccount(service, speaker, inputs)),
  ),
  ...inputs.teams.map((team) => teamAccount(team, inputs)),
];
