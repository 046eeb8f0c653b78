// The calls of reference.c through @unraid/libvirt, with the same lines in and out; "threads" are calls in flight here.
// Run in the folder that it is installed in.
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const entry = path.resolve('node_modules', '@unraid', 'libvirt', 'dist', 'index.js');
const { Hypervisor } = await import(pathToFileURL(entry).href);

let [hypervisor, domains, openUri] = [undefined, [], undefined];

for await (const line of createInterface({ input: process.stdin })) {
  const [mode, uri, count, inFlight] = line.split(' ');
  if (uri !== openUri) {
    hypervisor = new Hypervisor({ uri });
    await hypervisor.connectOpen();
    domains = await hypervisor.connectListAllDomains();
    openUri = uri;
  }
  let [next, check] = [0, 0];
  const caller = async () => {
    while (next < Number(count)) {
      const domain = domains[next++ % domains.length];
      const part =
        mode === 'info'
          ? Number((await hypervisor.domainGetInfo(domain)).maxMem)
          : (await hypervisor.domainGetXMLDesc(domain)).length;
      check += part;
    }
  };
  const begun = process.hrtime.bigint();
  await Promise.all(Array.from({ length: Number(inFlight) }, caller));
  console.log(`${process.hrtime.bigint() - begun} ${check}`);
}
