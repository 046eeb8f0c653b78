import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';

export interface GraphqlAnswer {
  readonly data: Record<string, unknown> | null;
  /** Codes of the errors, in order. */
  readonly codes: readonly string[];
}

/**
 * Asks a subgraph over HTTP, as the gateway does.
 * @param headers e.g. the signed actor
 * @throws Error when the answer is no JSON
 */
export async function askSubgraph(
  url: string,
  headers: Readonly<Record<string, string>>,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions: { code: string } }[];
  };
  return { data: body.data ?? null, codes: (body.errors ?? []).map((error) => error.extensions.code) };
}

/** A member of the departments, or an administrator. */
export const actorOf = (departmentIds: readonly string[], role: Actor['role'] = 'USER'): Actor => ({
  userId: randomUUID(),
  sessionId: randomUUID(),
  role,
  departmentIds: [...departmentIds],
});
