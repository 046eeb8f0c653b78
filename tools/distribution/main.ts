/**
 * npm run distribution -- [image.qcow2]
 * The life of a VM of a real distribution on a stack of its own, seen from inside the guest: yours, or Debian, made here
 * of its packages. Any image with cloud-init, OpenSSH and a kernel for virtio will do. Ends with 1 when a step is BROKEN.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { DepartmentUnderTest } from '../e2e/department-under-test.ts';
import { RunningSystem } from '../e2e/running-system.ts';
import { ADMIN_EMAIL } from '../stack/first-administrator.ts';
import { debianImage, missingForDebianImage } from './debian-image.ts';
import { SshKey } from './guest.ts';
import { Life } from './life.ts';

const say = (line: string): void => {
  console.log(`distribution: ${line}`);
};

const imageFile = async (given: string | undefined): Promise<string> => {
  if (given !== undefined) return given;
  const missing = missingForDebianImage();
  if (missing.length > 0) throw new Error(`to make an image of Debian, first: apt-get install ${missing.join(' ')}`);
  return debianImage(say);
};

/** @returns how many steps are broken */
const live = async (system: RunningSystem, key: SshKey, content: Buffer): Promise<number> => {
  const admin = new PatientGraphClient(system.graphqlUrl);
  await admin.login(ADMIN_EMAIL, system.adminPassword);
  const department = await DepartmentUnderTest.create(system, admin, 'Distribution');
  let broken = 0;
  for (const { name, run } of new Life({ system, department, key, content }).steps) {
    const started = performance.now();
    const why = await run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(4);
    say(`${seconds} s  ${why === null ? 'holds' : 'BROKEN'}  ${name}${why === null ? '' : `: ${why}`}`);
    if (why !== null) broken += 1;
  }
  return broken;
};

const main = async (): Promise<number> => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const content = readFileSync(await imageFile(positionals[0]));
  say('starting the whole stack');
  const system = await RunningSystem.start();
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
  });
  const key = new SshKey();
  try {
    return await Promise.race([live(system, key, content), interrupted]);
  } finally {
    key.remove();
    await system.stop();
  }
};

main().then(
  (broken) => {
    process.exit(broken === 0 ? 0 : 1);
  },
  (error: unknown) => {
    console.error(`distribution failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  },
);
