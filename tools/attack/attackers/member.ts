import { randomUUID } from 'node:crypto';

import { GraphClient } from '../../demo/graph-client.ts';
import { CREATE_NETWORK, CREATE_RULE } from '../../demo/queries.ts';
import type { AttackContext } from '../context.ts';
import { bearer, post } from '../http.ts';
import { paced, type Attacker, type Load } from '../load.ts';

const PACE = { perSecond: 30, inFlight: 60 };
const NETWORKS = 30;
const RULES = 100;

/** `department(id){networks{department{networks{...`: each level multiplies what is read by the number of networks. */
const nested = (levels: number, leaf: string): string =>
  levels === 0 ? leaf : `networks { department { id ${nested(levels - 1, leaf)} } }`;

const aliased = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `a${String(index)}: ${field}`).join(' ');

/** Documents of a few hundred bytes that cost as much as their author could think of. */
const documents = ({ member, ownVmId, stranger }: AttackContext): readonly string[] => {
  const department = `department(id: "${member.departmentId}")`;
  return [
    `{ ${department} { ${nested(4, 'id')} } }`,
    `{ ${department} { ${nested(3, 'firewallRules { id description }')} } }`,
    `query { ${department} { ...F } } fragment F on Department { vms(first: 200) { ...N } } fragment N on VmConnection { nodes { department { vms(first: 200) { nodes { id } } } } }`,
    `{ ${aliased(30, `vm(id: "${ownVmId}") { firewall { kernelRules } }`)} }`,
    `{ vm(id: "${ownVmId}") { firewall { ${aliased(30, 'kernelRules')} } } }`,
    `{ ${aliased(200, `vm(id: "${stranger.vmId}") { id }`)} }`,
    `mutation { login(email: ${JSON.stringify(member.email)}, password: ${JSON.stringify(member.password)}) { accessToken } }`,
    `{ vm(id: "${ownVmId}") { ${aliased(20, 'metricsHistory(from: "1970-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z") { sampledAt }')} } }`,
  ];
};

/** Makes what the documents multiply, as far as the limits of a department let it. */
const furnish = async (graph: GraphClient, departmentId: string): Promise<void> => {
  const each = async (count: number, make: (index: number) => Promise<unknown>): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const refused = await make(index).then(
        () => false,
        () => true,
      );
      if (refused) return;
    }
  };
  await each(NETWORKS, (index) =>
    graph.ask(CREATE_NETWORK, {
      input: { idempotencyKey: randomUUID(), departmentId, name: `net-${String(index)}` },
    }),
  );
  await each(RULES, (index) =>
    graph.ask(CREATE_RULE, {
      input: {
        idempotencyKey: randomUUID(),
        departmentId,
        direction: 'IN',
        action: 'ACCEPT',
        protocol: 'TCP',
        portFrom: 1_000 + index,
        portTo: 1_000 + index,
      },
    }),
  );
};

/** An ordinary user with a valid login and nothing to lose. */
export const member = (context: AttackContext): Attacker => {
  const signedIn =
    (prepare: (graph: GraphClient) => Promise<void>, queryAt: (index: number) => string): Load =>
    async (signal, counts) => {
      const graph = new GraphClient(context.graphqlUrl);
      await graph.login(context.member.email, context.member.password);
      await prepare(graph);
      const headers = bearer(graph.accessToken);
      const load = paced(PACE, async (index, ended) => {
        return (await post(context.graphqlUrl, { query: queryAt(index) }, { headers, signal: ended })) !== null;
      });
      await load(signal, counts);
    };
  const worst = documents(context);
  const usual = `{ vms(first: 50) { nodes { id name state } } me { id email } }`;
  return {
    description: 'nested lists, aliases of host calls, guesses at other VMs, logins, wide histories',
    harmless: signedIn(
      () => Promise.resolve(),
      () => usual,
    ),
    worst: signedIn(
      (graph) => furnish(graph, context.member.departmentId),
      (index) => worst[index % worst.length] ?? usual,
    ),
  };
};
