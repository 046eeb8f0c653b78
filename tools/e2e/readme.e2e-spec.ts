import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { chooseHypervisor } from '../stack/hypervisor-choice.ts';
import { repositoryRoot } from '../stack/layout.ts';
import { ReadmeReader } from './readme-reader.ts';
import { readmeCommands, type ReadmeCommand } from './readme-text.ts';

const commands = readmeCommands(readFileSync(path.join(repositoryRoot, 'README.md'), 'utf8'));
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')));

const WITHOUT_QEMU = 'INFINIBAY_HYPERVISOR=test npm start';
const LOGIN = String.raw`curl -s http://127.0.0.1:4000/graphql -H 'content-type: application/json' \ `.trimEnd();
const QUERY =
  String.raw`curl -s http://127.0.0.1:4000/graphql -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \ `.trimEnd();
const SOCKET = `import { io } from 'socket.io-client';`;
const NATS = `import { connect } from '@nats-io/transport-node';`;

/** Everything that the tests below run, by its title. */
const TRIED = [
  'npm start',
  LOGIN,
  QUERY,
  SOCKET,
  NATS,
  'npm start -- --exit-after-demo',
  'npm run status',
  'npm run logs -- <service>',
  'npm run stop',
  'npm run reset',
  'npm run virsh -- list',
  'npm run netns -- iptables -S',
  WITHOUT_QEMU,
];
/** Too long for a test, or this very run: only that the script and its program are there. */
const LOOKED_AT = [
  'npm test',
  'npm run attack',
  'npm run faults -- vms',
  'npm run skew',
  'npm run distribution -- <image.qcow2>',
];

/** With fewer VMs by a spec of its own, fleet.e2e-spec.ts. */
const TRIED_ELSEWHERE = ['npm start -- --fleet 1000'];

const find = (title: string): ReadmeCommand => {
  const found = commands.find((one) => one.title === title);
  if (found === undefined) throw new Error(`README.md does not say: ${title}`);
  return found;
};

const Login = z.object({ data: z.object({ login: z.object({ accessToken: z.string() }) }) });
const Vms = z.object({
  data: z.object({
    vms: z.object({ nodes: z.array(z.looseObject({ name: z.string(), state: z.string() })) }),
  }),
});

describe('README.md', () => {
  it('tells to run nothing that no test knows, and everything that they know', () => {
    expect(commands.map(({ title }) => title).sort()).toEqual([...TRIED, ...LOOKED_AT, ...TRIED_ELSEWHERE].sort());
  });

  it.each(LOOKED_AT)('names a script that is there: %s', (title) => {
    const name = find(title)
      .text.replace(/^npm (?:run )?/u, '')
      .replace(/ -- .*/u, '')
      .trim();
    expect(scripts[name]).toBe(`node tools/run.mjs ${name}`);
    expect(existsSync(path.join(repositoryRoot, 'tools', name, 'main.ts'))).toBe(true);
  });
});

const hasQemu = chooseHypervisor(undefined).kind === 'qemu';

describe.each([
  { start: 'npm start', kind: 'qemu' },
  { start: WITHOUT_QEMU, kind: 'test' },
])('a stranger who types $start', ({ start, kind }) => {
  const tried = kind === 'qemu' && !hasQemu ? it.skip : it;
  const reader = new ReadmeReader();
  let token = '';

  beforeAll(async () => {
    if (kind === 'qemu' && !hasQemu) return;
    await reader.start(find(start).text);
  }, 600_000);
  afterAll(() => reader.leave(), 120_000);

  /** @param blank what the reader writes for the dots */
  const ask = async (title: string, blank = '…'): Promise<unknown> => {
    const text = reader.withAddresses(find(title).text).replace('…', () => blank);
    const { code, output } = await reader.type(text, { TOKEN: token });
    expect(code).toBe(0);
    return JSON.parse(output);
  };

  tried('logs in with the printed password', async () => {
    const password = reader.printed('administrator', /(?<=with the password )\S+/u);
    const { data } = Login.parse(await ask(LOGIN, password));
    token = data.login.accessToken;
    expect(token).not.toBe('');
  });

  tried('sees the VM of the demo', async () => {
    const { data } = Vms.parse(await ask(QUERY));
    expect(data.vms.nodes).toEqual([expect.objectContaining({ name: 'demo-1', state: 'RUNNING' })]);
  });

  tried('reads the events of the NATS snippet', async () => {
    const url = reader.printed('NATS', /nats:\/\/[\d.:]+/u);
    const said = await reader.runSnippet(find(NATS).text, { url, password: reader.teamPassword() }, /^\d+ \S+\n/mu);
    expect(said).toMatch(/^\d+ [a-z-]+\.[a-z-]+\n/mu);
  });

  /** Where no guest runs, nothing happens by itself: the reader switches the VM off and on again. */
  const switchVm = (graph: GraphClient, vmId: string) => {
    let turns = 0;
    return async (): Promise<void> => {
      const action = (turns += 1) % 2 === 1 ? 'forceOffVm' : 'startVm';
      const input = { idempotencyKey: randomUUID(), vmId };
      await graph.ask(`mutation ($input: VmActionInput!) { ${action}(input: $input) { operation { id } } }`, { input });
    };
  };

  tried('hears of the VM through the socket.io snippet', async () => {
    const graph = new PatientGraphClient(reader.printed('GraphQL', /http:\S+/u));
    await graph.login('admin@infinibay.local', reader.printed('administrator', /(?<=with the password )\S+/u));
    const { vms } = await graph.ask<{ vms: { nodes: { id: string }[] } }>('{ vms { nodes { id } } }', {});
    const vmId = vms.nodes[0]?.id ?? '';
    const live = kind === 'qemu' ? /^[\d.]+$/mu : /^\d+ vm\.state-changed /mu;
    const text = reader.withAddresses(find(SOCKET).text);
    const meanwhile = kind === 'qemu' ? undefined : switchVm(graph, vmId);
    expect(await reader.runSnippet(text, { token, vmId }, live, meanwhile)).toMatch(live);
  });

  tried('finds each command of the table that looks into the running system', async () => {
    expect(await reader.type(find('npm run status').text)).toMatchObject({ code: 0 });
    const logs = find('npm run logs -- <service>').text.replace('<service>', 'gateway');
    expect((await reader.type(logs)).output).toContain('gateway');
    const list = await reader.type(find('npm run virsh -- list').text);
    expect(list).toMatchObject({ code: 0 });
    const rules = await reader.type(find('npm run netns -- iptables -S').text);
    if (kind === 'qemu') {
      expect(list.output).toMatch(/running/u);
      expect(rules).toMatchObject({ code: 0 });
      expect(rules.output).toContain('-P FORWARD');
    } else {
      expect(rules.output).toContain('with the test driver there is no guest network');
    }
  });

  tried('stops it, and removes its state', async () => {
    expect(await reader.type(find('npm run stop').text)).toMatchObject({ code: 0 });
    expect(await reader.startEnded).toMatchObject({ code: 0 });
    const reset = await reader.type(find('npm run reset').text);
    expect(reset).toMatchObject({ code: 0 });
    expect(existsSync(/removed (\S+)/u.exec(reset.output)?.[1] ?? '/')).toBe(false);
  });

  if (kind === 'test')
    it('sees a start end by itself after the demo', async () => {
      const line = find('npm start -- --exit-after-demo').text;
      const { code, output } = await reader.type(line, { INFINIBAY_HYPERVISOR: 'test' });
      expect(output).toContain('everything that the demo promises was seen');
      expect(code).toBe(0);
    }, 300_000);
});
