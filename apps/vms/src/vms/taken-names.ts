import { DomainError } from '@infinibay/contracts';
import { isUniqueViolation } from '@infinibay/platform-persistence';

/** Writes what has a name that no other of its department may have. @throws DomainError NAME_TAKEN */
export const refusingTwins = async <T>(name: string, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
    throw error;
  }
};
