import { defineConfig } from 'eslint/config';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import tseslint from 'typescript-eslint';
import { boundaries } from './tools/quality/eslint-boundaries.mjs';
import { clock } from './tools/quality/eslint-clock.mjs';
import { rooms } from './tools/quality/eslint-rooms.mjs';
import { oneCommit } from './tools/quality/eslint-one-commit.mjs';

const SPECS = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/src/testing/**/*.ts', '**/*.fixture.ts'];

/** What @eslint/js calls recommended, read from the rules themselves: one package less to keep in step. */
const recommended = Object.fromEntries(
  [...builtinRules].filter(([, rule]) => rule.meta?.docs?.recommended === true).map(([name]) => [name, 'error']),
);

/** Rules whose default is noise here; each with its reason. None of them guards against wrong behaviour. */
const tuned = {
  // Numbers and booleans print as one expects.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // `return stop();` ends a function early in one line, whatever stop() returns.
  '@typescript-eslint/no-confusing-void-expression': 'off',
  // Nest's modules are classes whose decorator is their content.
  '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
  // Environment and other index signatures read better with brackets: they may be undefined.
  '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
  // Handlers of one interface are async whether or not each of them waits.
  '@typescript-eslint/require-await': 'off',
  // It believes that a field can't change during an await: in loops that end by a flag it is wrong every time.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  // GraphQL's object types are classes only for their decorators; resolvers return plain objects.
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  // A type parameter used once still names what a caller gives.
  '@typescript-eslint/no-unnecessary-type-parameters': 'off',
  '@typescript-eslint/no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
  ],
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
};

const own = {
  eqeqeq: 'error',
  'no-console': 'error',
  'max-lines': ['error', { max: 400 }],
  'max-lines-per-function': ['error', { max: 60 }],
  'max-params': ['error', { max: 6 }],
  complexity: ['error', { max: 20 }],
  'no-restricted-syntax': [
    'error',
    {
      selector: 'TSAsExpression > TSAsExpression.expression > TSUnknownKeyword.typeAnnotation',
      message: 'A cast through unknown hides a wrong type: parse the value or narrow it.',
    },
  ],
};

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/generated/**',
      '**/target/**',
      '.infinibay/**',
      '.infinibay-fleet/**',
      '.toolchain/**',
      '.nx/**',
      'coverage/**',
      'bench/out/**',
      '**/*.cjs',
      'native/libvirt-napi/*.d.ts',
    ],
  },
  { rules: recommended },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.check.json'], tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { ...tuned, ...own },
  },
  {
    files: SPECS,
    rules: {
      // A describe block is as long as its facts.
      'max-lines-per-function': 'off',
      // Hostile input is what they are about.
      'no-control-regex': 'off',
      complexity: 'off',
    },
  },
  {
    // Commands of the developer speak to a terminal.
    files: ['tools/**', 'bench/**', 'native/libvirt-napi/{test,tools}/**'],
    rules: { 'no-console': 'off' },
  },
  ...clock,
  ...boundaries,
  ...rooms,
  ...oneCommit,
);
