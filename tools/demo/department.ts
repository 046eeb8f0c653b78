import { randomUUID } from 'node:crypto';
import { type GraphClient, GraphError } from './graph-client.ts';
import {
  CREATE_DEPARTMENT,
  CREATE_NETWORK,
  CREATE_RULE,
  DELETE_VM,
  DEPARTMENT,
  DEPARTMENTS,
  VM_STATE,
} from './queries.ts';

const DEPARTMENT_NAME = 'Demo';
const RULE_DESCRIPTION = 'Demo: SSH from anywhere';

interface DepartmentView {
  readonly networks: readonly { readonly name: string; readonly cidr: string }[];
  readonly firewallRules: readonly { readonly description: string | null }[];
  readonly vms: { readonly nodes: readonly { readonly id: string; readonly name: string }[] };
}

/** The department with its network and rule: made at the first demo, found at later ones. A VM of an earlier demo is removed. */
export const prepareDepartment = async (
  graph: GraphClient,
  vmName: string,
  say: (line: string) => void,
): Promise<string> => {
  const departmentId = await findOrCreateDepartment(graph, say);
  const { department } = await graph.ask<{ department: DepartmentView }>(DEPARTMENT, { id: departmentId });
  const [network] = department.networks;
  if (network === undefined) await createNetwork(graph, departmentId, say);
  else say(`department ${DEPARTMENT_NAME} has network ${network.name} ${network.cidr}`);
  if (!department.firewallRules.some((rule) => rule.description === RULE_DESCRIPTION))
    await createRule(graph, departmentId, say);
  for (const vm of department.vms.nodes.filter(({ name }) => name === vmName)) await removeOld(graph, vm.id, say);
  return departmentId;
};

const findOrCreateDepartment = async (graph: GraphClient, say: (line: string) => void): Promise<string> => {
  const { departments } = await graph.ask<{ departments: { nodes: { id: string; name: string }[] } }>(DEPARTMENTS);
  const existing = departments.nodes.find(({ name }) => name === DEPARTMENT_NAME);
  if (existing !== undefined) return existing.id;
  const input = { idempotencyKey: randomUUID(), name: DEPARTMENT_NAME };
  const { createDepartment } = await graph.ask<{ createDepartment: { id: string } }>(CREATE_DEPARTMENT, { input });
  say(`department ${DEPARTMENT_NAME} created`);
  return createDepartment.id;
};

const createNetwork = async (graph: GraphClient, departmentId: string, say: (line: string) => void): Promise<void> => {
  const input = { idempotencyKey: randomUUID(), departmentId, name: 'default' };
  const { createNetwork: network } = await graph.ask<{ createNetwork: { name: string; cidr: string } }>(
    CREATE_NETWORK,
    { input },
  );
  say(`network ${network.name} ${network.cidr} created`);
};

/** Everything else inbound is dropped: that is the policy of every VM. */
const createRule = async (graph: GraphClient, departmentId: string, say: (line: string) => void): Promise<void> => {
  const rule = {
    direction: 'IN',
    action: 'ACCEPT',
    protocol: 'TCP',
    portFrom: 22,
    portTo: 22,
    description: RULE_DESCRIPTION,
  };
  await graph.ask(CREATE_RULE, { input: { idempotencyKey: randomUUID(), departmentId, ...rule } });
  say('firewall rule created: allow TCP 22 in, drop the rest');
};

const removeOld = async (graph: GraphClient, vmId: string, say: (line: string) => void): Promise<void> => {
  say('removing the VM of an earlier demo');
  await graph.ask(DELETE_VM, { input: { idempotencyKey: randomUUID(), vmId } });
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const gone = await graph.ask(VM_STATE, { id: vmId }).then(
      () => false,
      (error: unknown) => {
        if (error instanceof GraphError && error.code === 'VM_NOT_FOUND') return true;
        throw error;
      },
    );
    if (gone) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the VM of an earlier demo could not be removed within 60 s');
};
