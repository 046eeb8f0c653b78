import { beforeAll, describe, expect, it } from '@jest/globals';
import { lintTexts, type LintedText } from './lint-texts.ts';

const RULE = 'infinibay-commit/one-commit';

const SERVICE = 'apps/networks/src/networks/x.service.ts';
const fact = (name: string, code: string, file = SERVICE) => [name, file, code] as const;
type Fact = ReturnType<typeof fact>;

const BAD: readonly Fact[] = [
  fact('a transaction', `await this.database.$transaction(async (tx) => work(tx));`),
  fact('one by another spelling', `await this.database['$transaction'](work);`),
  fact('one that was taken off the client', `const { $transaction: begin } = this.database;\nawait begin(work);`),
  fact('events written by hand', `import { appendToOutbox } from '@infinibay/platform-persistence';`),
  fact('the same under another name', `import { appendToOutbox as tell } from '@infinibay/platform-persistence';`),
  fact(
    'the same by the library as a whole',
    `import * as persistence from '@infinibay/platform-persistence';\nawait persistence.appendToOutbox(tx, events);`,
  ),
  fact('an idempotency key of its own', `import { mutateOnce } from '@infinibay/platform-persistence';`),
  fact('an inbox of its own', `import { enterInbox } from '@infinibay/platform-persistence';`),
  fact('a model in a service', `await tx.network.delete({ where: { id } });`),
  fact('a model of a client by any name', `await this.anything.network.findMany({ where: { id } });`),
  fact('a model that is kept', `const networks = this.database.network;`),
  fact('a model that was taken off the client', `const { hostNetwork } = tx;`),
  fact('a model in brackets', `await tx['network'].count();`),
  fact('a model at an edge', `await this.database.vm.findMany();`, 'apps/vms/src/hosts/x.controller.ts'),
  fact('SQL in a service', 'await tx.$executeRaw`DELETE FROM networks`;'),
  fact('SQL as text', `await this.database.$queryRawUnsafe('SELECT 1');`),
  fact('a transaction in a library', `await client.$transaction(work);`, 'libs/platform/messaging/src/x.ts'),
];

const GOOD: readonly Fact[] = [
  fact('StateChange', `await this.change.run(async (tx) => ({ answer: undefined, events: [] }));`),
  fact('what repositories are for', `await tx.network.count();`, 'apps/networks/src/networks/x.repository.ts'),
  fact('methods of services that have a model’s name', `const { port } = request;\nawait this.network.apply(port);`),
  fact('the libraries of it', `await client.$transaction(work);`, 'libs/platform/subgraph/src/x.ts'),
  fact('what specs look at', `await service.get(Database).network.count();`, 'apps/networks/src/x.int-spec.ts'),
];

const ALL = [...BAD, ...GOOD];
const numbered = (facts: readonly Fact[]) => facts.map((one) => [one[0], ALL.indexOf(one)] as const);
let linted: readonly LintedText[];

beforeAll(async () => {
  linted = await lintTexts(ALL.map(([, file, code]) => ({ file, code })));
}, 120_000);

describe('the lint of changes of state refuses', () => {
  it.each(numbered(BAD))('%s', (_name, index) => {
    expect(linted[index]?.rules).toContain(RULE);
  });
});

describe('the lint of changes of state allows', () => {
  it.each(numbered(GOOD))('%s', (_name, index) => {
    expect(linted[index]?.rules).not.toContain(RULE);
  });
});
