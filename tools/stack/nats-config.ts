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
}

export interface NatsServerSettings {
  readonly port: number;
  readonly monitorPort: number;
  readonly storeDir: string;
  readonly pidFile: string;
  readonly users: readonly NatsUser[];
}

const quoted = (text: string): string => JSON.stringify(text);
const list = (subjects: readonly string[]): string => `[${subjects.map(quoted).join(', ')}]`;

/** One entry of `authorization.users`. Answers may come as late as the slowest contract allows, with a margin. */
export function natsUserBlock(user: NatsUser): string {
  const { publish, subscribe, allowResponses } = user.permissions;
  const lines = [
    `publish: { allow: ${list(publish)} }`,
    `subscribe: { allow: ${list(subscribe)} }`,
    ...(allowResponses === true ? ['allow_responses: { max: 1, expires: "3m" }'] : []),
  ];
  return `    { user: ${quoted(user.user)}, password: ${quoted(user.password)}, permissions: {\n      ${lines.join('\n      ')}\n    } }`;
}

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
authorization {
  timeout: 5
  users: [
${settings.users.map(natsUserBlock).join(',\n')}
  ]
}
`;
}
