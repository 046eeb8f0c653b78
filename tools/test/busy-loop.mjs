// Takes processors, one for each of the loops that the second argument counts, for as long as the process lives whose id
// is the first. A killed parent takes all of them along. The loops are one session, as a build beside is: where the kernel
// divides its time between sessions (autogroup), each in one of its own would count as a build of its own.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const parent = Number(process.argv[2]);
const loops = Number(process.argv[3] ?? 1);
for (let more = 1; more < loops; more += 1) {
  spawn(process.execPath, [fileURLToPath(import.meta.url), String(process.pid)], { stdio: 'ignore' });
}
while (process.ppid === parent);
// Not held up by the children, who end when this one has.
process.exit();
