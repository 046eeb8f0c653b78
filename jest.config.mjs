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

const project = (displayName, testMatch, setupFiles = []) => ({
  displayName,
  setupFiles,
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
  // Each spec file leaves some 25 MB in its worker. Collecting a heap of 2 GB has kept specs from running for seconds.
  workerIdleMemoryLimit: '600MB',
  projects: [
    project('unit', ['**/*.spec.ts']),
    project('integration', ['**/*.int-spec.ts'], ['<rootDir>/tools/test/patient-contracts.ts']),
    project('e2e', ['**/*.e2e-spec.ts']),
  ],
};
