/**
 * Reads a variable that the test runner sets.
 * @throws Error that tells how to run the tests when it is missing.
 */
export const testVariable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set: run integration tests by "node tools/test/main.ts --only integration -- <path>"`,
    );
  }
  return value;
};
