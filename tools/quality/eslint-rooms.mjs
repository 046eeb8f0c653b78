// Each app's feature folders have an order (rooms.json): an import goes to the same folder, to a lower one, or to a file directly
// in `src` (configuration, the database's client). rooms.spec.ts shows that each app's order refuses something.
import { readFileSync } from 'node:fs';
import path from 'node:path';

const COMPOSITION = new Set(['app.module', 'graph', 'index', 'main']);

/** Folders of each app's `src`, lowest first. Folders of one line don't know each other. */
const ROOMS = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8'));

const MESSAGES = {
  against:
    '{{from}} may not import {{to}} in {{app}} (tools/quality/rooms.json): move the file to where it belongs, or let {{from}} tell it by an event or a port of its own.',
  unknown: '{{room}} has no place in the order of {{app}} (tools/quality/rooms.json).',
  composes:
    'Only the files that compose an app (app.module, graph, index, main) know its rooms, and no room knows them.',
  computed: 'An import whose target is computed has no place in the order of {{app}}.',
};

const SOURCE = /\/apps\/(?<app>[^/]+)\/src\/(?<file>.+)\.ts$/u;

/** The folder directly below `src`; undefined for a file beside the folders. */
const roomOf = (file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined);

const textOf = (node) => {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  return node?.type === 'TemplateLiteral' && node.expressions.length === 0 ? node.quasis[0].value.cooked : undefined;
};

/** What is wrong with an import of `target` by `file`, both below `src` and without extension. */
function objectionTo(app, file, target) {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === undefined && COMPOSITION.has(file)) return undefined;
  if (to === undefined) return COMPOSITION.has(target) ? { messageId: 'composes' } : undefined;
  if (to === from || to === 'generated') return undefined;
  if (from === undefined) return { messageId: 'composes' };
  const placeOf = (room) => ROOMS[app].findIndex((rooms) => rooms.includes(room));
  if (placeOf(to) < 0) return { messageId: 'unknown', data: { room: to, app } };
  return placeOf(to) < placeOf(from) ? undefined : { messageId: 'against', data: { from, to, app } };
}

function create(context) {
  const { app, file } = SOURCE.exec(context.filename)?.groups ?? {};
  if (ROOMS[app] === undefined) return {};
  const check = (node, source) => {
    if (source === null || source === undefined) return;
    const specifier = textOf(source);
    if (specifier === undefined) return context.report({ node, messageId: 'computed', data: { app } });
    if (!specifier.startsWith('.')) return;
    const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.[jt]s$/u, '');
    // What leaves the app is refused by the boundaries between projects.
    if (target.startsWith('..')) return;
    const objection = objectionTo(app, file, target);
    if (objection !== undefined) context.report({ node, ...objection });
  };
  return {
    Program(node) {
      const room = roomOf(file);
      if (room !== undefined && !ROOMS[app].flat().includes(room))
        context.report({ node, messageId: 'unknown', data: { room, app } });
    },
    ImportDeclaration: (node) => check(node, node.source),
    ExportNamedDeclaration: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) => check(node, node.source),
    TSImportType: (node) => check(node, node.source ?? node.argument?.literal),
    TSExternalModuleReference: (node) => check(node, node.expression),
  };
}

const rule = { meta: { type: 'problem', messages: MESSAGES, schema: [] }, create };

/** Specs look into each room, and what composes a test is no room. */
export const rooms = [
  {
    name: 'infinibay/rooms',
    files: ['apps/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.int-spec.ts', '**/src/testing/**/*.ts', '**/*.fixture.ts'],
    plugins: { 'infinibay-rooms': { rules: { order: rule } } },
    rules: { 'infinibay-rooms/order': 'error' },
  },
];
