// The agent while NATS is away. Beside the sources, since it needs the stack's tools.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { hostVmsRelisted } from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { domainName } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNats } from '../../../tools/stack/nats.ts';
import { startTestNats, temporaryState, testNatsUser } from '../../../tools/stack/test-infrastructure.ts';
import { RunningAgent, agentFolders, settingsIn } from '../src/agent.fixture.ts';

describe('the events of a host whose NATS is away', () => {
  const folders = agentFolders();
  // Shared within this process: what it does to a domain, the agent's connection is told.
  let libvirt: Connection;

  beforeAll(async () => {
    libvirt = await Connection.open('test:///default');
  });
  afterAll(async () => {
    await libvirt.close();
    folders.remove();
  });

  it('wait for it in their order, and show by a hole what had to be dropped', async () => {
    const state = temporaryState();
    let nats = await startTestNats(state);
    const options = {
      dataDir: state.natsDir,
      runDir: state.runDir,
      logFile: path.join(state.logDir, 'nats.log'),
      users: [testNatsUser],
      port: nats.port,
      monitorPort: nats.monitorPort,
    };
    const vmId = randomUUID();
    const domain = await libvirt.domains.defineXml(
      `<domain type='test'><name>${domainName(vmId)}</name><uuid>${vmId}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
    );
    const agent = await RunningAgent.start({
      ...settingsIn(folders),
      NATS_URL: nats.url,
      NATS_USER: testNatsUser.user,
      NATS_PASSWORD: testNatsUser.password,
      EVENT_BUFFER_SIZE: '10',
    });
    try {
      await agent.events.find(hostVmsRelisted, {});
      const known = (await agent.events.all()).length;
      await nats.child.stop('SIGKILL');
      for (let turn = 0; turn < 10; turn += 1) {
        await domain.create();
        await domain.destroy();
      }
      await pollUntil(async () => ((await agent.metric('infinibay_host_events_dropped_total')) ?? 0) >= 9, {
        what: 'the drops',
      });
      expect(await agent.metric('infinibay_host_events_waiting')).toBe(10);

      nats = await startNats(options);
      await pollUntil(async () => (await agent.metric('infinibay_host_events_waiting')) === 0, {
        timeoutMs: 20_000,
        what: 'the events to go out',
      });
      const sequences = (await agent.events.all()).map(({ data }) => data.sequence);
      const last = known + 20;
      // The first of the twenty was on its way when the server died; nine were dropped behind it.
      const waited = Array.from({ length: 10 }, (_, index) => last - 9 + index);
      expect(sequences).toEqual([...Array.from({ length: known + 1 }, (_, index) => index + 1), ...waited]);
    } finally {
      await agent.stop();
      await nats.stop();
      state.remove();
      await domain.undefine();
    }
  }, 60_000);
});
