import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import { RunningSystem } from '../e2e/running-system.ts';
import { CONSUMER_USER } from '../stack/nats-users.ts';
import type { StackSecrets } from '../stack/secrets.ts';
import { ADMIN_EMAIL } from '../stack/first-administrator.ts';
import type { AttackContext } from './context.ts';
import { Victim } from './victim.ts';

const CREATE_USER = `mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }`;
const FORCE_OFF = `mutation ($input: VmActionInput!) { forceOffVm(input: $input) { operation { id } } }`;

export interface Scene {
  readonly system: RunningSystem;
  readonly victim: Victim;
  readonly context: AttackContext;
}

/** The real stack with two departments: one is attacked, and one has the attacker as its ordinary member. */
export const buildScene = async (
  say: (line: string) => void,
  environment: Record<string, string> = {},
): Promise<Scene> => {
  say('starting the whole stack');
  const system = await RunningSystem.start(environment);
  try {
    return await furnish(system, say);
  } catch (error) {
    await system.stop();
    throw error;
  }
};

const furnish = async (system: RunningSystem, say: (line: string) => void): Promise<Scene> => {
  const admin = new PatientGraphClient(system.graphqlUrl);
  await admin.login(ADMIN_EMAIL, system.adminPassword);
  const attacked = await DepartmentUnderTest.create(system, admin, 'Attacked', new GraphClient(system.graphqlUrl));
  const attacking = await DepartmentUnderTest.create(system, admin, 'Attacking', new GraphClient(system.graphqlUrl));
  say('two departments are there; making a VM for each');
  const standing = await attacked.createVm('standing');
  await attacked.reaches(standing, 'RUNNING');
  const ownVmId = await attacking.createVm('own');
  await attacking.reaches(ownVmId, 'RUNNING');
  await attacking.member.ask(FORCE_OFF, { input: { idempotencyKey: randomUUID(), vmId: ownVmId } });
  await attacking.reaches(ownVmId, 'STOPPED');
  const member = { email: 'mallory@example.org', password: randomUUID(), departmentId: attacking.id };
  await admin.ask(CREATE_USER, {
    input: {
      idempotencyKey: randomUUID(),
      email: member.email,
      name: 'Mallory',
      password: member.password,
      departmentIds: [attacking.id],
    },
  });
  const secrets = JSON.parse(readFileSync(system.layout.secretsFile, 'utf8')) as StackSecrets;
  const context: AttackContext = {
    graphqlUrl: system.graphqlUrl,
    realtimeUrl: system.realtimeUrl,
    natsUrl: `nats://127.0.0.1:${String(system.state.ports['nats'])}`,
    consumerPassword: secrets.natsPasswords[CONSUMER_USER] ?? '',
    agentSocketDir: system.layout.agentSocketDir,
    member,
    ownVmId,
    stranger: { vmId: standing, email: attacked.account.email },
  };
  return { system, victim: new Victim(attacked, system), context };
};
