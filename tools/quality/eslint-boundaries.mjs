/**
 * Who may import whom. Two dimensions: `type` is the layer, `scope` is the part of the product; an import must be
 * allowed by both. tools/quality/boundaries.spec.ts shows that each line below refuses something.
 */
import nx from '@nx/eslint-plugin';
import { createProjectGraphAsync } from '@nx/devkit';

// Without a graph the rule lets everything pass; so it is made here, and an error ends the run.
process.env.NX_DAEMON ??= 'false';
const { nodes } = await createProjectGraphAsync({ exitOnError: false, resetDaemonClient: true });

/** Those of the projects: a new one is bounded from its first line on. */
const SCOPES = [
  ...new Set(
    Object.values(nodes)
      .flatMap(({ data }) => data.tags ?? [])
      .flatMap((tag) => (tag.startsWith('scope:') ? [tag.slice('scope:'.length)] : []))
      .filter((scope) => scope !== 'shared'),
  ),
];

const FRAMEWORKS = [
  '@nestjs/*',
  '@prisma/*',
  '@apollo/*',
  '@nats-io/*',
  'pg',
  'rxjs',
  'pino',
  'prom-client',
  'socket.io',
  'express',
];

const BY_TYPE = [
  { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: ['type:contracts'], bannedExternalImports: FRAMEWORKS },
  {
    sourceTag: 'type:domain',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:domain'],
    bannedExternalImports: FRAMEWORKS,
  },
  {
    sourceTag: 'type:platform',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:platform', 'type:domain', 'type:testing'],
  },
  {
    sourceTag: 'type:native',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:testing'],
    bannedExternalImports: FRAMEWORKS,
  },
  {
    sourceTag: 'type:testing',
    onlyDependOnLibsWithTags: ['type:contracts'],
    bannedExternalImports: ['@nestjs/*', '@prisma/*'],
  },
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:contracts', 'type:platform', 'type:domain', 'type:native', 'type:testing'],
  },
];

const BY_SCOPE = [
  { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  ...SCOPES.map((scope) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: ['scope:shared', `scope:${scope}`],
  })),
];

const SOURCES = ['apps/*/src/**/*.ts', 'libs/**/src/**/*.ts', 'native/libvirt-napi/src/**/*.ts'];
const SPECS = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/src/testing/**/*.ts', '**/*.fixture.ts'];

const DEEP_IMPORT = {
  group: ['@infinibay/*/*'],
  message: 'A library is imported through its index only.',
};
const TEST_IMPORT = {
  group: ['@infinibay/testing', '@jest/*', 'fast-check', '@nestjs/testing'],
  message: 'Only specs may use what is for tests.',
};
const SIDE_EFFECT_IMPORT = {
  regex: '^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster)(/.*)?$',
  message: 'Rules of the domain are pure: whoever calls them does the input and output.',
};
const TOOLS_IMPORT = {
  group: ['**/tools/*', '**/tools/**', '**/bench/*', '**/bench/**'],
  message: "The product doesn't depend on the developer's tools.",
};

export const boundaries = [
  {
    name: 'infinibay/boundaries',
    files: SOURCES,
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        // jest gives its globals, and Nest its express types, under names that our package.json doesn't list.
        {
          allow: ['@jest/globals', 'express'],
          enforceBuildableLibDependency: false,
          banTransitiveDependencies: true,
          depConstraints: [...BY_TYPE, ...BY_SCOPE],
        },
      ],
      'no-restricted-imports': ['error', { patterns: [DEEP_IMPORT, TEST_IMPORT, TOOLS_IMPORT] }],
    },
  },
  {
    name: 'infinibay/pure',
    files: ['libs/contracts/src/**/*.ts', 'libs/*-domain/src/**/*.ts', 'libs/libvirt-xml/src/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [DEEP_IMPORT, TEST_IMPORT, TOOLS_IMPORT, SIDE_EFFECT_IMPORT] }],
    },
  },
  {
    name: 'infinibay/boundaries-of-specs',
    files: SPECS,
    rules: { 'no-restricted-imports': ['error', { patterns: [DEEP_IMPORT] }] },
  },
  {
    name: 'infinibay/environment',
    files: SOURCES,
    ignores: ['libs/platform/config/src/**', 'libs/testing/src/**', ...SPECS],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Configuration is read once, by @infinibay/platform-config.' },
      ],
    },
  },
];
