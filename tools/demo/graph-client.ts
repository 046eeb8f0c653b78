import { LOGIN } from './queries.ts';

/** A GraphQL client as any frontend has one: fetch and a bearer token. */
export class GraphClient {
  private token: string | undefined;
  private readonly url: string;

  /** @param token of a session that is open already */
  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  get accessToken(): string {
    if (this.token === undefined) throw new Error('not logged in');
    return this.token;
  }

  /** @returns the refresh token */
  async login(email: string, password: string): Promise<string> {
    const { login } = await this.ask<{ login: { accessToken: string; refreshToken: string } }>(LOGIN, {
      email,
      password,
    });
    this.token = login.accessToken;
    return login.refreshToken;
  }

  /** @throws GraphError with the code of the first error */
  async ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(30_000),
    });
    const answer = (await response.json()) as {
      data?: T;
      errors?: { message: string; extensions?: { code?: string; details?: unknown } }[];
    };
    const [error] = answer.errors ?? [];
    if (error !== undefined)
      throw new GraphError(error.message, error.extensions?.code ?? 'UNKNOWN', error.extensions?.details);
    if (answer.data === undefined) throw new GraphError(`HTTP ${String(response.status)}`, 'UNKNOWN', undefined);
    return answer.data;
  }
}

export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly code: string;

  constructor(message: string, code: string, details: unknown) {
    super(`${message} (${code}${details === undefined ? '' : ` ${JSON.stringify(details)}`})`);
    this.code = code;
  }
}
