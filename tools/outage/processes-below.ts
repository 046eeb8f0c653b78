import { readdirSync, readFileSync } from 'node:fs';

/** The process and all that descend from it, by the kernel's own table; those that end meanwhile are left out. */
export function processesBelow(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/u.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

function parentOf(pid: number): number | undefined {
  try {
    // The name may hold blanks and brackets; what follows the last bracket is state and parent.
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(fields.slice(fields.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
