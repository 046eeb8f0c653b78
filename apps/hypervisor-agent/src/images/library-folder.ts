import { join } from 'node:path';

/** Where images are that were imported: on the storage of the disks that read from them. */
export const libraryFolder = (diskDir: string): string => join(diskDir, 'images');
