import { checkScript } from './check-step.ts';
import { add, type Counts } from './counts.ts';
import { runJest } from './jest-step.ts';
import { runRust } from './rust-step.ts';
import { runWorkspaceChecks } from './workspace-step.ts';

export interface StepContext {
  /** INFINIBAY_TEST_* of each set of running servers; none for steps that need none. */
  readonly lanes: readonly Readonly<Record<string, string>>[];
  readonly jestArgs: readonly string[];
  readonly slowness: number;
}

export interface Step {
  readonly name: string;
  readonly description: string;
  /** Runs with PostgreSQL, NATS and libvirtd up. */
  readonly needsServers?: boolean;
  /** What it may take on a quiet machine, minutes: {@link QUICK_MINUTES} when left out. */
  readonly minutes?: number;
  /** Runs beside the steps before it and its like: neither uses what the other makes. */
  readonly beside?: boolean;
  readonly run: (context: StepContext) => Promise<Counts>;
}

export const QUICK_MINUTES = 8;

const ESLINT_CACHE = ['--cache', '--cache-strategy', 'content', '--cache-location', 'node_modules/.cache/eslint/'];
/** Type-aware rules over the whole repository hold one program of several hundred MiB. */
const LINT_MEMORY = { NODE_OPTIONS: '--max-old-space-size=4096' };

/** Every step in the order of `npm test`: cheap ones first, but what runs beside others begins with them. */
export const STEPS: readonly Step[] = [
  {
    name: 'types',
    description: 'builds all projects, then checks specs and tools too',
    run: async () =>
      add(
        await checkScript('tsc -b', 'node_modules/typescript/bin/tsc', ['-b']),
        await checkScript('tsc', 'node_modules/typescript/bin/tsc', ['-p', 'tsconfig.check.json']),
      ),
  },
  {
    name: 'lint',
    description: 'ESLint with types and import boundaries, no warnings allowed',
    run: () =>
      checkScript(
        'eslint',
        'node_modules/eslint/bin/eslint.js',
        ['.', '--max-warnings', '0', ...ESLINT_CACHE],
        LINT_MEMORY,
      ),
  },
  { name: 'workspace', description: 'project graph and nx affected, offline', run: runWorkspaceChecks },
  {
    name: 'reference',
    description: 'generated reference is fresh, published contracts are unchanged',
    run: async () =>
      add(
        await checkScript('reference', 'tools/reference/main.ts', ['--check']),
        await checkScript('supergraph', 'tools/graphql/compose.ts', ['--check']),
      ),
  },
  {
    name: 'docs',
    description: 'links, lengths, no machine paths',
    run: () => checkScript('docs', 'tools/quality/docs.ts', []),
  },
  {
    name: 'structure',
    description: 'sizes, circles, copies and dependencies get no worse than missed.json',
    run: () => checkScript('structure', 'tools/quality/structure/main.ts', ['--baseline']),
  },
  {
    name: 'unit',
    description: 'specs of pure code',
    run: ({ jestArgs, slowness }) => runJest('unit', { slowness, args: jestArgs }),
  },
  {
    name: 'rust',
    description: 'format, clippy and tests of the native crates',
    minutes: 20,
    beside: true,
    run: runRust,
  },
  {
    name: 'format',
    description: 'prettier',
    beside: true,
    run: () =>
      checkScript('prettier', 'node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  },
  {
    name: 'integration',
    description: 'against PostgreSQL, NATS and libvirt',
    needsServers: true,
    minutes: 50,
    run: ({ jestArgs, slowness, lanes }) => runJest('integration', { slowness, lanes, args: jestArgs }),
  },
  {
    name: 'e2e',
    description: 'the whole stack, started as an operator does, with a real guest',
    minutes: 20,
    run: ({ jestArgs, slowness }) => runJest('e2e', { slowness, args: jestArgs }),
  },
];

/** What begins when all before it has ended. */
export interface Stage {
  /** One after the other. */
  readonly alone: readonly Step[];
  /** Meanwhile. */
  readonly beside: readonly Step[];
}

/** A stage ends with the steps that run beside it. */
export function stages(steps: readonly Step[]): readonly Stage[] {
  const found: { alone: Step[]; beside: Step[] }[] = [];
  for (const step of steps) {
    const last = found.at(-1);
    const begins = last === undefined || (step.beside !== true && last.beside.length > 0);
    const stage = begins ? { alone: [], beside: [] } : last;
    if (begins) found.push(stage);
    stage[step.beside === true ? 'beside' : 'alone'].push(step);
  }
  return found;
}
