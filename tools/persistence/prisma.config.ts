// Read by Prisma's CLI; tools/persistence/prisma.ts sets the two variables.
import { defineConfig } from 'prisma/config';

const folder = process.env['INFINIBAY_PRISMA_FOLDER'] ?? '';
const url = process.env['INFINIBAY_PRISMA_URL'];

export default defineConfig({
  schema: `${folder}/schema`,
  migrations: { path: `${folder}/migrations` },
  ...(url === undefined ? {} : { datasource: { url } }),
});
