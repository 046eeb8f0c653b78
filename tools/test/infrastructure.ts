import { mkdirSync } from 'node:fs';

import { missingForLibvirtd } from '../stack/libvirtd.ts';
import {
  startTestLibvirtd,
  startTestNats,
  startTestPostgres,
  temporaryState,
  testNatsUser,
} from '../stack/test-infrastructure.ts';

/** What integration and end-to-end tests run against, started once per run. */
export interface TestInfrastructure {
  /** INFINIBAY_TEST_*: how the tests find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What this machine lacks for a real hypervisor; empty when one runs. */
  readonly missingForHypervisor: readonly string[];
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

/** Starts PostgreSQL, NATS and, where the machine can, libvirtd with QEMU, in a state folder of their own. */
export async function startTestInfrastructure(): Promise<TestInfrastructure> {
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
    const missingForHypervisor = missingForLibvirtd();
    if (missingForHypervisor.length === 0) {
      const libvirtd = await startTestLibvirtd(state);
      endings.push(() => libvirtd.stop({ guestTimeoutMs: 0 }));
      mkdirSync(state.diskDir, { recursive: true });
      environment['INFINIBAY_TEST_LIBVIRT_URI'] = libvirtd.uri;
      environment['INFINIBAY_TEST_LIBVIRT_NETNS'] = state.networkNamespace;
      environment['INFINIBAY_TEST_AGENT_SOCKET_DIR'] = state.agentSocketDir;
      environment['INFINIBAY_TEST_DISK_DIR'] = state.diskDir;
    }
    return { environment, missingForHypervisor, stop: () => endAll(endings) };
  } catch (error) {
    await endAll(endings).catch(() => undefined);
    throw error;
  }
}
