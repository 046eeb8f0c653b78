import { existsSync } from 'node:fs';
import { DEMO, FLEET_PROGRAM, startDemo, type RunningDemo } from './demo.ts';
import { describeEndpoints } from './endpoints.ts';
import { ADMIN_EMAIL, forgetPassword, opensTheDoor } from './first-administrator.ts';
import { forgetRealHosts, prepareFleet } from './fleet.ts';
import { chooseHypervisor, type HypervisorChoice } from './hypervisor-choice.ts';
import type { StackLayout } from './layout.ts';
import { listLeftovers, removeLeftovers } from './leftovers.ts';
import { readStackSettings } from './settings.ts';
import type { ServiceContext } from './services.ts';
import { messageOf, StackError } from './stack-error.ts';
import { acquireLock } from './stack-lock.ts';
import { Stack, StartCancelled } from './stack.ts';
import { claimStateFolder } from './state-folder.ts';

export interface StartOptions {
  readonly layout: StackLayout;
  readonly demo: boolean;
  readonly exitAfterDemo: boolean;
  /** Instead of guests: so many VMs on hosts that are simulated, made in place of the demo. */
  readonly fleetVms: number | undefined;
}

const say = (line: string): void => {
  console.log(`infinibay: ${line}`);
};

/** Ctrl-C, SIGTERM and a closed terminal ask for the same thing; asking again changes nothing. */
function stopRequest(): { readonly requested: () => boolean; readonly arrived: Promise<void> } {
  let requested = false;
  const arrived = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (requested) return;
        requested = true;
        say('stopping ...');
        resolve();
      });
    }
  });
  return { requested: () => requested, arrived };
}

/** @param what of it, for people: the demo, or the fleet */
async function demoResult(
  what: string,
  demo: RunningDemo | undefined,
  arrived: Promise<void>,
  exitAfterDemo: boolean,
): Promise<number> {
  const interrupted = arrived.then(() => undefined);
  const code = demo === undefined ? await interrupted : await Promise.race([demo.ended, interrupted]);
  demo?.stop();
  if (code === undefined) return exitAfterDemo ? 130 : 0;
  if (exitAfterDemo) return code;
  say(
    code === 0
      ? `${what} is done; everything keeps running until Ctrl-C`
      : `${what} ended with code ${String(code)}; everything keeps running until Ctrl-C`,
  );
  await arrived;
  return 0;
}

async function stopAll(stack: Stack, layout: StackLayout): Promise<boolean> {
  const started = Date.now();
  for (const problem of await stack.stop()) say(`while stopping: ${problem}`);
  const left = await listLeftovers({ ...layout });
  await removeLeftovers(layout);
  const unexpected = left.filter((item) => !item.startsWith('socket folder'));
  for (const item of unexpected) say(`left over, removed: ${item}`);
  say(
    `stopped in ${((Date.now() - started) / 1000).toFixed(1)} s, ${unexpected.length === 0 ? 'nothing left behind' : 'see above'}`,
  );
  return unexpected.length === 0;
}

/** Prints no password that does not open the door: the account was made by another process, and may not have been. */
async function tellEndpoints(context: ServiceContext, checkpoint: () => void): Promise<void> {
  const { adminPassword: password, firstStart, ports, layout } = context;
  const graphqlUrl = `http://127.0.0.1:${String(ports.gateway)}/graphql`;
  const works = password === undefined || (await opensTheDoor({ graphqlUrl, password, checkpoint }));
  if (!works && firstStart)
    throw new StackError(`${ADMIN_EMAIL} can't log in with the password of this first start: npm run logs -- users`);
  // One that an earlier start kept and that is wrong now was changed by somebody, who then had been told.
  console.log(`\n${describeEndpoints(works ? context : { ...context, adminPassword: undefined })}\n`);
  forgetPassword(layout.runDir);
}

/** npm start: everything up, the demo, then until told to stop. Returns the exit code. */
export async function startCommand({ layout, demo, exitAfterDemo, fleetVms }: StartOptions): Promise<number> {
  claimStateFolder(layout.stateDir);
  const release = acquireLock(layout.runDir);
  const stop = stopRequest();
  try {
    await removeLeftovers(layout);
    const settings = readStackSettings();
    if (fleetVms !== undefined) forgetRealHosts();
    const fleet = fleetVms === undefined ? undefined : prepareFleet(layout, fleetVms);
    const hypervisor: HypervisorChoice =
      fleet === undefined
        ? chooseHypervisor(process.env['INFINIBAY_HYPERVISOR'])
        : { kind: 'test', reason: `a simulated fleet of ${String(fleet.hosts.length)} hosts` };
    say(`hypervisor: ${hypervisor.kind} (${hypervisor.reason})`);
    const program = fleet === undefined ? DEMO : FLEET_PROGRAM;
    const forDemo = demo && existsSync(program);
    const stack = new Stack({ layout, hypervisor, forDemo, fleet, settings, say, cancelled: stop.requested });
    let code: number;
    try {
      const context = await stack.start();
      await tellEndpoints(context, () => {
        stack.checkpoint();
      });
      const running = forDemo ? startDemo(program, context, { exitAfterDemo, fleetVms }) : undefined;
      code = await demoResult(fleet === undefined ? 'the demo' : 'the fleet', running, stop.arrived, exitAfterDemo);
    } catch (error) {
      code = error instanceof StartCancelled ? 130 : 1;
      say(messageOf(error));
    }
    const clean = await stopAll(stack, layout);
    return code === 0 && !clean ? 1 : code;
  } finally {
    release();
  }
}
