import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { RunningSystem } from './running-system.ts';
import { SecondHost } from './second-host.ts';

interface Explained {
  readonly placement: {
    readonly hostsConsidered: readonly { readonly hostId: string; readonly refusedBy: string | null }[];
  };
}

/** A running system with two hosts that take VMs, and two departments. */
export class TwoHosts {
  readonly system: RunningSystem;
  readonly second: SecondHost;
  /** Of the host that every system has. */
  readonly firstId: string;
  readonly admin: GraphClient;
  readonly research: DepartmentUnderTest;
  readonly sales: DepartmentUnderTest;
  /** A VM of the first department that runs on the first host, which was there alone when it was made. */
  readonly travellerId: string;

  private constructor(parts: Omit<TwoHosts, 'stop'>) {
    this.system = parts.system;
    this.second = parts.second;
    this.firstId = parts.firstId;
    this.admin = parts.admin;
    this.research = parts.research;
    this.sales = parts.sales;
    this.travellerId = parts.travellerId;
  }

  static async start(): Promise<TwoHosts> {
    const { id, environment } = SecondHost.environment();
    const system = await RunningSystem.start(environment);
    let second: SecondHost | undefined;
    try {
      const admin = new PatientGraphClient(system.graphqlUrl);
      await admin.login('admin@infinibay.local', system.adminPassword);
      const [research, sales] = [
        await DepartmentUnderTest.create(system, admin, 'Research'),
        await DepartmentUnderTest.create(system, admin, 'Sales'),
      ];
      const travellerId = await research.createVm('traveller');
      await research.reaches(travellerId, 'RUNNING');
      second = await SecondHost.start(system, id);
      const takers = await bothTake(admin, research);
      const firstId = takers.find((one) => one !== id) ?? '';
      return new TwoHosts({ system, second, firstId, admin, research, sales, travellerId });
    } catch (error) {
      await second?.stop();
      await system.stop();
      throw error;
    }
  }

  /** @returns the exit code of the system */
  async stop(): Promise<number | null> {
    await this.second.stop();
    return this.system.stop();
  }
}

/** Both are heard of, and have the image that there is. @returns their ids */
const bothTake = async (admin: GraphClient, { id: departmentId }: DepartmentUnderTest): Promise<string[]> => {
  const query = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) {
    placement { hostsConsidered { hostId refusedBy } }
  } }`;
  const takers = async (): Promise<string[]> => {
    const { images } = await admin.ask<{ images: { id: string }[] }>('{ images { id } }');
    const vms = [{ departmentId, name: 'planned', imageId: images[0]?.id }];
    const { explainPlacement } = await admin.ask<{ explainPlacement: (Explained | { placement: null })[] }>(query, {
      input: { vms },
    });
    const considered = explainPlacement[0]?.placement?.hostsConsidered ?? [];
    return considered.flatMap((one) => (one.refusedBy === null ? one.hostId : []));
  };
  const probe = async (): Promise<string[] | undefined> => {
    const ids = await takers();
    return ids.length === 2 ? ids : undefined;
  };
  return pollUntil(probe, { timeoutMs: 120_000, intervalMs: 1_000, what: 'two hosts that take VMs' });
};
