import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { declaredFunctions, functionTable, headerVersion, TABLE_VERSION, tableFile } from './functions.ts';

// Newer headers declare functions that the table doesn't know, and which the binding is not built for.
const sameHeaders = headerVersion() === TABLE_VERSION ? it : it.skip;

describe('the table of functions', () => {
  sameHeaders(
    'has a place for every function of libvirt, and every method stands on one that the core calls',
    async () => {
      expect([...declaredFunctions().values()].flat().length).toBeGreaterThan(450);
      expect(readFileSync(tableFile, 'utf8')).toBe(await functionTable());
    },
  );
});
