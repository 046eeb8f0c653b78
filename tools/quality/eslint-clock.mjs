// Specs that look at the clock pass on a quiet machine and fail on a busy one. The rule refuses what asserts elapsed time,
// and what sleeps in place of waiting for a fact. Measure by `npm run bench`; count work or CPU time (`cpuMsOf`).
const ORDERINGS = new Set([
  'toBeLessThan',
  'toBeLessThanOrEqual',
  'toBeGreaterThan',
  'toBeGreaterThanOrEqual',
  'toBeCloseTo',
]);
const COMPARISONS = new Set(['<', '<=', '>', '>=']);
const ELAPSED =
  /^(elapsed|duration|took|latenc|waited)|(Elapsed|Duration|Latency|Took)(Ms)?$|^(ms|millis|wallMs|readyMs)$/;

const MESSAGES = {
  asserted: 'A spec asserts no elapsed time: count work, use CPU time or a virtual clock, or measure it in bench/.',
  slept: 'A spec does not sleep: wait for the fact with pollUntil, or look with holdsFor that it stays so.',
};

const memberName = (node) =>
  node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier' ? node.property.name : '';

/** Date.now(), performance.now(), process.hrtime() and process.hrtime.bigint(), new Date(). */
const readsClock = (node) => {
  if (node.type === 'NewExpression') return node.callee.name === 'Date' && node.arguments.length === 0;
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  const owner = callee.object?.name ?? '';
  if (memberName(callee) === 'now') return owner === 'Date' || owner === 'performance';
  if (memberName(callee) === 'hrtime') return owner === 'process';
  return memberName(callee) === 'bigint' && memberName(callee.object) === 'hrtime';
};

const isFunction = (node) => /Function/.test(node.type);

/** The expression and what it is made of, leaving out functions, which run at another time. */
function* partsOf(node, keys) {
  if (isFunction(node)) return;
  yield node;
  for (const key of keys[node.type] ?? [])
    for (const child of [node[key]].flat()) if (child?.type !== undefined) yield* partsOf(child, keys);
}

function variableOf(scope, name) {
  for (let at = scope; at !== null; at = at.upper) {
    const found = at.set.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a variable is ever given. */
const valuesOf = (variable) =>
  variable.references.flatMap(({ writeExpr }) => (writeExpr === undefined || writeExpr === null ? [] : [writeExpr]));

function create(context) {
  const { sourceCode } = context;
  const keys = sourceCode.visitorKeys;
  const parts = (node) => [...partsOf(node, keys)];

  /** Whether the clock is in it, also by way of variables. */
  const comesFromClock = (node, seen = new Set()) =>
    parts(node).some((part) => {
      if (readsClock(part)) return true;
      if (part.type !== 'Identifier') return false;
      const variable = variableOf(sourceCode.getScope(part), part.name);
      if (variable === undefined || seen.has(variable)) return false;
      seen.add(variable);
      return valuesOf(variable).some((value) => comesFromClock(value, seen));
    });

  const isNamedElapsed = (node) =>
    parts(node).some((part) => ELAPSED.test(part.type === 'Identifier' ? part.name : memberName(part)));

  const comparesClock = (node) =>
    parts(node).some(
      (part) =>
        part.type === 'BinaryExpression' &&
        COMPARISONS.has(part.operator) &&
        [part.left, part.right].some(
          (side) => parts(side).some((inner) => inner.operator === '-') && comesFromClock(side),
        ),
    );

  return {
    CallExpression(node) {
      const { callee } = node;
      const matcher = memberName(callee);
      let target = callee.object;
      if (matcher !== '' && memberName(target ?? {}) === 'not') target = target.object;
      const isExpectation = target?.type === 'CallExpression' && target.callee.name === 'expect';
      if (isExpectation) {
        const [actual] = target.arguments;
        if (actual === undefined) return;
        const ordered = ORDERINGS.has(matcher) && (comesFromClock(actual) || isNamedElapsed(actual));
        if (ordered || comparesClock(actual)) context.report({ node: target, messageId: 'asserted' });
      }
    },
    // new Promise((resolve) => setTimeout(resolve, 100))
    NewExpression(node) {
      if (node.callee.name !== 'Promise') return;
      const [executor] = node.arguments;
      const resolve = executor?.params?.[0]?.name;
      if (resolve === undefined) return;
      const sleeps = [...partsOf(executor.body, keys)].some(
        (part) =>
          part.type === 'CallExpression' && part.callee.name === 'setTimeout' && part.arguments[0]?.name === resolve,
      );
      if (sleeps) context.report({ node, messageId: 'slept' });
    },
    ImportDeclaration(node) {
      if (!/^(node:)?timers\/promises$/.test(node.source.value)) return;
      for (const specifier of node.specifiers)
        if ((specifier.imported?.name ?? '') === 'setTimeout') context.report({ node: specifier, messageId: 'slept' });
    },
  };
}

const rule = { meta: { type: 'problem', messages: MESSAGES, schema: [] }, create };

/** For spec files; the testing library's own wait sleeps for all of them. */
export const clock = [
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts'],
    ignores: ['libs/testing/src/**'],
    plugins: { infinibay: { rules: { 'no-clock': rule } } },
    rules: { 'infinibay/no-clock': 'error' },
  },
];
