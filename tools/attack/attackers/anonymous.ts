import { randomBytes, randomUUID } from 'node:crypto';

import { GraphClient } from '../../demo/graph-client.ts';
import type { AttackContext } from '../context.ts';
import { bearer, post, type PostOptions } from '../http.ts';
import { paced, type Attacker } from '../load.ts';

const PACE = { perSecond: 50, inFlight: 60 };

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of nobody's: our form, a key that does not exist. */
const forgedToken = (): string =>
  [
    encode({ alg: 'EdDSA', typ: 'at+jwt', kid: randomUUID() }),
    encode({ sub: 'x'.repeat(200), sid: 'y'.repeat(200), iss: 'infinibay', aud: 'infinibay-api', exp: 9_999_999_999 }),
    randomBytes(64).toString('base64url'),
  ].join('.');

const login = (email: string): string =>
  `login(email: ${JSON.stringify(email)}, password: "not the password") { accessToken }`;

const fragmentBomb = (levels: number): string =>
  Array.from({ length: levels }, (_, level) => {
    const inner = level === levels - 1 ? 'id' : `...F${String(level + 1)} ...F${String(level + 1)}`;
    return `fragment F${String(level)} on User { ${inner} }`;
  }).join(' ');

type Shot = (options: PostOptions) => Promise<Record<string, unknown> | null>;

const shots = ({ graphqlUrl, stranger }: AttackContext): readonly Shot[] => {
  const ask = (body: unknown, headers: Readonly<Record<string, string>> = {}): Shot => {
    return ({ signal }) => post(graphqlUrl, body, { headers, signal });
  };
  const aliases = Array.from({ length: 1_000 }, (_, index) => `a${String(index)}: ${login('nobody@example.org')}`);
  return [
    ({ signal }) =>
      post(
        graphqlUrl,
        { query: '{ me { id } }' },
        {
          headers: {
            ...bearer(forgedToken()),
            'x-infinibay-actor': 'z'.repeat(200),
            'x-correlation-id': 'c'.repeat(200),
          },
          signal,
        },
      ),
    // The account of somebody else, to have it locked.
    ask({ query: `mutation { ${login(stranger.email)} }` }),
    ask({ query: `mutation { ${login(`${randomUUID()}@example.org`)} }` }),
    ask({ query: `mutation { ${aliases.join(' ')} }` }),
    ask({ query: `query { me { ...F0 } } ${fragmentBomb(20)}` }),
    ask(Array.from({ length: 100 }, () => ({ query: '{ me { id } }' }))),
    ask(`{"query":"${'{a'.repeat(200_000)}"}`),
  ];
};

/** Anybody who can reach the gateway's port. */
export const anonymous = (context: AttackContext): Attacker => {
  const worst = shots(context);
  return {
    description: 'forged tokens and internal headers, logins, bombs, batches',
    harmless: async (signal, counts) => {
      const graph = new GraphClient(context.graphqlUrl);
      await graph.login(context.member.email, context.member.password);
      const headers = bearer(graph.accessToken);
      const load = paced(PACE, async (_index, ended) => {
        return (await post(context.graphqlUrl, { query: '{ me { id } }' }, { headers, signal: ended })) !== null;
      });
      await load(signal, counts);
    },
    worst: paced(PACE, async (index, signal) => (await worst[index % worst.length]?.({ signal })) !== null),
  };
};
