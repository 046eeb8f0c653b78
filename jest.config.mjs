// Run with: node --experimental-vm-modules node_modules/jest/bin/jest.js --selectProjects unit <path>
const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'es6' },
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
};

const project = (displayName, testMatch) => ({
  displayName,
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/native', '<rootDir>/tools', '<rootDir>/bench'],
  testMatch,
  testEnvironment: '<rootDir>/tools/test/jest-environment.cjs',
  injectGlobals: false,
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  resolver: '<rootDir>/tools/test/jest-resolver.cjs',
  modulePathIgnorePatterns: ['<rootDir>/native/target/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/target/', '/fixtures/'],
});

export default {
  projects: [
    project('unit', ['**/*.spec.ts']),
    project('integration', ['**/*.int-spec.ts']),
    project('e2e', ['**/*.e2e-spec.ts']),
  ],
};
