/** Whether a unique index refused the row, by Prisma's code. The transaction is over then. */
export const isUniqueViolation = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'P2002';
