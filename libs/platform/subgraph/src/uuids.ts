import { Uuid } from '@infinibay/contracts';

/** What a client gave as an id: PostgreSQL takes nothing else for one, and nothing else is ever found. */
export const isUuid = (id: string): boolean => Uuid.safeParse(id).success;

export const onlyUuids = (ids: readonly string[]): string[] => ids.filter(isUuid);
