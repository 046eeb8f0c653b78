import { request } from 'node:http';

/** Attackers come from another address than everybody else: limits by address must hit them alone. */
const ATTACKER_ADDRESS = '127.0.0.66';
const GIVE_UP_MS = 60_000;

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const exchange = (url: string, payload: string, { headers, signal }: PostOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      localAddress: ATTACKER_ADDRESS,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload), ...headers },
      signal: AbortSignal.any([signal, AbortSignal.timeout(GIVE_UP_MS)]),
    };
    const outgoing = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
      response.once('error', reject);
    });
    outgoing.once('error', reject);
    outgoing.end(payload);
  });

/** One GraphQL request. @returns the body's data, or null when it was refused */
export const post = async (
  url: string,
  body: unknown,
  options: PostOptions,
): Promise<Record<string, unknown> | null> => {
  const { status, text } = await exchange(url, typeof body === 'string' ? body : JSON.stringify(body), options);
  if (status < 200 || status > 299) return null;
  const answer = JSON.parse(text) as { data?: Record<string, unknown> | null; errors?: unknown[] };
  return answer.errors === undefined ? (answer.data ?? null) : null;
};

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
