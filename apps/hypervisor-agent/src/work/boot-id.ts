import { readFileSync } from 'node:fs';
import { Uuid } from '@infinibay/contracts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Which boot of its host this is; null on a kernel that doesn't tell. */
export const bootId = (): string | null => {
  try {
    return Uuid.parse(readFileSync(BOOT_ID, 'utf8').trim());
  } catch {
    return null;
  }
};
