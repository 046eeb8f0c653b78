/** Subject allow-lists of one NATS user; everything that is not listed is refused. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer requests on the reply subject that came with them. */
  readonly allowResponses?: boolean;
}

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly permissions: NatsPermissions;
  /** Makes the streams and consumers; whoever starts the server connects as this user. */
  readonly keepsStreams?: boolean;
}

/** What an account offers to others. Nobody but the named accounts can import it. */
export interface NatsExport {
  readonly kind: 'service' | 'stream';
  readonly subject: string;
  readonly accounts: readonly string[];
  /** One request may be answered by several messages. */
  readonly streamsAnswers?: boolean;
}

/** What an account takes from another. */
export interface NatsImport {
  readonly kind: 'service' | 'stream';
  readonly account: string;
  readonly subject: string;
  /** The subject under which a service is called here; the same when left out. */
  readonly to?: string;
}

export interface NatsAccountLimits {
  readonly maxConnections: number;
  readonly maxSubscriptions: number;
  readonly maxPayloadBytes: number;
}

/** Subjects of one account mean nothing in another: between accounts goes only what is exported and imported. */
export interface NatsAccount {
  readonly name: string;
  readonly users: readonly NatsUser[];
  readonly jetstream?: boolean;
  readonly exports: readonly NatsExport[];
  readonly imports: readonly NatsImport[];
  readonly limits?: NatsAccountLimits;
}

export interface NatsServerSettings {
  readonly port: number;
  readonly monitorPort: number;
  readonly storeDir: string;
  readonly pidFile: string;
  readonly accounts: readonly NatsAccount[];
}

/** Answers may come as late as the slowest contract allows, with a margin. */
const ANSWERS_WITHIN = '3m';
/**
 * The server keeps a note for each pull until its answers ended or none came for this long: longer than a pull may wait,
 * and short, for a flood of pulls leaves as many notes.
 */
const PULLS_WITHIN = '35s';

const quoted = (text: string): string => JSON.stringify(text);
const list = (subjects: readonly string[]): string => `[${subjects.map(quoted).join(', ')}]`;
const indented = (lines: readonly string[], depth: number): string =>
  lines.map((line) => `${' '.repeat(depth)}${line}`).join('\n');

/** One entry of an account's `users`. */
export function natsUserBlock(user: NatsUser): string {
  const { publish, subscribe, allowResponses } = user.permissions;
  const lines = [
    `publish: { allow: ${list(publish)} }`,
    `subscribe: { allow: ${list(subscribe)} }`,
    ...(allowResponses === true ? [`allow_responses: { max: 1, expires: "${ANSWERS_WITHIN}" }`] : []),
  ];
  return `    { user: ${quoted(user.user)}, password: ${quoted(user.password)}, permissions: {\n${indented(lines, 6)}\n    } }`;
}

const exportLine = ({ kind, subject, accounts, streamsAnswers }: NatsExport): string => {
  const answers =
    streamsAnswers === true
      ? `, response_type: stream, threshold: "${PULLS_WITHIN}"`
      : `, threshold: "${ANSWERS_WITHIN}"`;
  return `{ ${kind}: ${quoted(subject)}, accounts: ${list(accounts)}${kind === 'service' ? answers : ''} }`;
};

const importLine = ({ kind, account, subject, to }: NatsImport): string =>
  `{ ${kind}: { account: ${quoted(account)}, subject: ${quoted(subject)} }${to === undefined ? '' : `, to: ${quoted(to)}`} }`;

const limitsLine = (limits: NatsAccountLimits): string =>
  `limits: { max_connections: ${String(limits.maxConnections)}, max_subscriptions: ${String(limits.maxSubscriptions)}, max_payload: ${String(limits.maxPayloadBytes)} }`;

/** One entry of `accounts`. */
const accountBlock = (account: NatsAccount): string =>
  [
    `  ${quoted(account.name)}: {`,
    ...(account.jetstream === true ? ['    jetstream: enabled'] : []),
    ...(account.limits === undefined ? [] : [`    ${limitsLine(account.limits)}`]),
    `    users: [\n${account.users.map(natsUserBlock).join(',\n')}\n    ]`,
    `    exports: [\n${indented(account.exports.map(exportLine), 6)}\n    ]`,
    `    imports: [\n${indented(account.imports.map(importLine), 6)}\n    ]`,
    '  }',
  ].join('\n');

/** The `accounts` of a server's configuration: every user belongs to one, and nobody is anonymous. */
export const natsAccountsBlock = (accounts: readonly NatsAccount[]): string =>
  `authorization { timeout: 5 }\naccounts {\n${accounts.map(accountBlock).join('\n')}\n}`;

/** One account in which all these users hear each other, with JetStream. */
export const sharedAccount = (users: readonly NatsUser[]): NatsAccount => ({
  name: 'shared',
  users,
  jetstream: true,
  exports: [],
  imports: [],
});

/** The text of nats-server's configuration file (2.9 and later): JetStream, named users, nobody anonymous. */
export function natsServerConfig(settings: NatsServerSettings): string {
  return `# Written by tools/stack at every start; changes here are lost.
server_name: infinibay
listen: "127.0.0.1:${String(settings.port)}"
http: "127.0.0.1:${String(settings.monitorPort)}"
pid_file: ${quoted(settings.pidFile)}
max_payload: 1048576
max_pending: 33554432
write_deadline: "5s"
jetstream {
  store_dir: ${quoted(settings.storeDir)}
  max_memory_store: 67108864
  max_file_store: 4294967296
}
${natsAccountsBlock(settings.accounts)}
`;
}
