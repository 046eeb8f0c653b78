import { mkdirSync } from 'node:fs';

import { missingForLibvirtd } from '../stack/libvirtd.ts';
import {
  startTestLibvirtd,
  startTestNats,
  startTestPostgres,
  temporaryState,
  testNatsUser,
} from '../stack/test-infrastructure.ts';

/** What the workers of one run test against: a set of servers for each. */
export interface TestInfrastructure {
  /** INFINIBAY_TEST_* of each set: how the tests find it. */
  readonly lanes: readonly Readonly<Record<string, string>>[];
  /** What this machine lacks for a real hypervisor; empty when one runs. */
  readonly missingForHypervisor: readonly string[];
  readonly stop: () => Promise<void>;
}

interface ServerSet {
  readonly environment: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

type Ending = () => Promise<void> | void;

async function endAll(endings: readonly Ending[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of endings.toReversed()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'test infrastructure did not stop cleanly');
}

async function startServerSet(withHypervisor: boolean): Promise<ServerSet> {
  const state = temporaryState();
  const endings: Ending[] = [state.remove];
  try {
    const postgres = await startTestPostgres(state);
    endings.push(() => postgres.stop('fast'));
    const nats = await startTestNats(state);
    endings.push(nats.stop);
    const environment: Record<string, string> = {
      INFINIBAY_TEST_DATABASE_URL: postgres.adminUrl(),
      INFINIBAY_TEST_NATS_URL: nats.url,
      INFINIBAY_TEST_NATS_USER: testNatsUser.user,
      INFINIBAY_TEST_NATS_PASSWORD: testNatsUser.password,
    };
    if (withHypervisor) {
      const libvirtd = await startTestLibvirtd(state);
      endings.push(() => libvirtd.stop({ guestTimeoutMs: 0 }));
      mkdirSync(state.diskDir, { recursive: true });
      environment['INFINIBAY_TEST_LIBVIRT_URI'] = libvirtd.uri;
      environment['INFINIBAY_TEST_LIBVIRT_NETNS'] = state.networkNamespace;
      environment['INFINIBAY_TEST_AGENT_SOCKET_DIR'] = state.agentSocketDir;
      environment['INFINIBAY_TEST_SCREEN_SOCKET_DIR'] = state.screenSocketDir;
      environment['INFINIBAY_TEST_DISK_DIR'] = state.diskDir;
    }
    return { environment, stop: () => endAll(endings) };
  } catch (error) {
    await endAll(endings).catch(() => undefined);
    throw error;
  }
}

/** Starts `sets` times PostgreSQL, NATS and, where the machine can, libvirtd with QEMU, each set in a state folder of its own. */
export async function startTestInfrastructure(sets: number): Promise<TestInfrastructure> {
  const missingForHypervisor = missingForLibvirtd();
  const starting = Array.from({ length: sets }, () => startServerSet(missingForHypervisor.length === 0));
  const outcomes = await Promise.allSettled(starting);
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = () => endAll(started.map((set) => set.stop));
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  if (refused !== undefined) {
    await stop().catch(() => undefined);
    throw refused.reason;
  }
  return { lanes: started.map(({ environment }) => environment), missingForHypervisor, stop };
}
