// A service changes state by StateChange of libs/platform/subgraph, and knows its tables in `*.repository.ts` alone. The
// rule refuses transactions, the parts of a commit, Prisma's models and SQL anywhere else. See docs/decisions/0022.
import { readFileSync, readdirSync } from 'node:fs';

const MESSAGES = {
  transaction:
    'State changes by commit(), run() or consume() of StateChange: transaction, audit and events are one there.',
  part: '{{ name }} is a part of StateChange: return the events, and it is done in the right order.',
  model: 'The table "{{ name }}" is asked in a *.repository.ts.',
  sql: 'SQL stands in a *.repository.ts.',
};

const PARTS = new Set(['appendToOutbox', 'enterInbox', 'mutateOnce']);
const CLIENTS = /^(tx|client|prisma|database|db|transaction)$/i;
const OPERATIONS =
  /^(find(Unique|First|Many)(OrThrow)?|(create|update)(Many(AndReturn)?)?|upsert|delete(Many)?|count|aggregate|groupBy)$/;
const SQL = /^\$(query|execute)Raw/;

const root = new URL('../../prisma/', import.meta.url);
const filesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(new URL(`${entry.name}/`, folder)) : [new URL(entry.name, folder)],
  );
/** Names by which Prisma's clients know the tables: `hostNetwork` for `model HostNetwork`. */
const MODELS = new Set(
  filesBelow(root)
    .filter(({ pathname }) => pathname.endsWith('.prisma'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^model (\w)(\w*)/gm)])
    .map(([, first, rest]) => first.toLowerCase() + rest),
);

/** The name of a member or key, however it is written. */
const nameOf = (node, computed) => {
  if (node.type === 'Identifier' && !computed) return node.name;
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node.type === 'TemplateLiteral' && node.quasis.length === 1 ? node.quasis[0].value.cooked : '';
};
const memberName = (node) => (node.type === 'MemberExpression' ? nameOf(node.property, node.computed) : '');
/** `tx`, `this.database`, `service.client`. */
const isClient = (node) => CLIENTS.test(node.type === 'Identifier' ? node.name : memberName(node));

function create(context) {
  const report = (node, messageId, name) => context.report({ node, messageId, data: { name } });
  const inspect = (node, name) => {
    if (name === '$transaction') report(node, 'transaction', name);
    else if (SQL.test(name)) report(node, 'sql', name);
  };
  return {
    MemberExpression(node) {
      const name = memberName(node);
      inspect(node, name);
      if (!MODELS.has(name)) return;
      const isCalled = OPERATIONS.test(node.parent.object === node ? memberName(node.parent) : '');
      if (isCalled || isClient(node.object)) report(node, 'model', name);
    },
    // const { port } = tx;
    ObjectPattern(node) {
      const source =
        node.parent.type === 'VariableDeclarator' ? node.parent.init : node.parent.left === node && node.parent.right;
      for (const property of node.properties) {
        if (property.type !== 'Property') continue;
        const name = nameOf(property.key, property.computed);
        inspect(property, name);
        if (MODELS.has(name) && source && isClient(source)) report(property, 'model', name);
      }
    },
    ImportSpecifier(node) {
      const name = nameOf(node.imported, false);
      if (PARTS.has(name)) report(node, 'part', name);
    },
    // persistence.appendToOutbox(tx, events)
    CallExpression({ callee }) {
      if (PARTS.has(memberName(callee))) report(callee, 'part', memberName(callee));
    },
  };
}

const rule = { meta: { type: 'problem', messages: MESSAGES, schema: [] }, create };

export const oneCommit = [
  {
    name: 'infinibay/one-commit',
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts', 'libs/platform/*/src/**/*.ts'],
    ignores: [
      '**/*.repository.ts',
      'libs/platform/persistence/src/**',
      'libs/platform/subgraph/src/**',
      // They ask whether the database answers, and what its clock says.
      'libs/platform/health/src/**',
      'libs/platform/service/src/**',
      '**/*.spec.ts',
      '**/*.int-spec.ts',
      '**/*.fixture.ts',
      '**/src/testing/**',
      'libs/testing/src/**',
    ],
    plugins: { 'infinibay-commit': { rules: { 'one-commit': rule } } },
    rules: { 'infinibay-commit/one-commit': 'error' },
  },
];
