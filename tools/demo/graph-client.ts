import { LOGIN, REFRESH } from './queries.ts';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** A GraphQL client as any frontend has one: fetch, a bearer token, and another one when that has expired. */
export class GraphClient {
  private token: string | undefined;
  private refreshToken: string | undefined;
  /** Everybody who finds the token expired waits for one and the same exchange: a refresh token works once. */
  private refreshing: Promise<void> | undefined;
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
    const { login } = await this.post<{ login: Tokens }>(LOGIN, { email, password });
    this.token = login.accessToken;
    this.refreshToken = login.refreshToken;
    return login.refreshToken;
  }

  /** @throws GraphError with the code of the first error */
  async ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const used = this.token;
    try {
      return await this.post<T>(query, variables, used);
    } catch (error) {
      if (!(error instanceof GraphError) || error.code !== 'TOKEN_EXPIRED') throw error;
      if (this.refreshToken === undefined) throw error;
      // The others may have got it already.
      if (used === this.token) {
        this.refreshing ??= this.refresh(this.refreshToken).finally(() => (this.refreshing = undefined));
        await this.refreshing;
      }
      return this.post<T>(query, variables, this.token);
    }
  }

  private async refresh(refreshToken: string): Promise<void> {
    const { refreshSession } = await this.post<{ refreshSession: Tokens }>(REFRESH, { refreshToken });
    this.token = refreshSession.accessToken;
    this.refreshToken = refreshSession.refreshToken;
  }

  private async post<T>(query: string, variables: Record<string, unknown>, token?: string): Promise<T> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
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
