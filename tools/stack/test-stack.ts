import { chooseHypervisor, type HypervisorChoice } from './hypervisor-choice.ts';
import type { StackLayout } from './layout.ts';
import { removeLeftovers } from './leftovers.ts';
import { PREFERRED_PORTS, type PortName, type ServiceContext } from './services.ts';
import { StackError } from './stack-error.ts';
import { Stack } from './stack.ts';

export interface TestStack {
  readonly context: ServiceContext;
  readonly stack: Stack;
  readonly stop: () => Promise<void>;
}

/** Any free port: a stack of an operator may hold the usual ones. */
const anyPorts = Object.fromEntries(Object.keys(PREFERRED_PORTS).map((name) => [name, 0])) as Record<PortName, number>;

/**
 * The whole system, as `npm start` runs it, for end-to-end tests. `context` has ports, secrets, the administrator's password and that
 * of the demo account. What the services say goes to the logs of `layout`.
 */
export async function startTestStack(layout: StackLayout, hypervisor: HypervisorChoice = chooseHypervisor(process.env['INFINIBAY_HYPERVISOR'])): Promise<TestStack> {
  const said: string[] = [];
  const stack = new Stack({ layout, hypervisor, forDemo: true, preferredPorts: anyPorts, say: (line) => said.push(line), cancelled: () => false });
  const stop = async (): Promise<void> => {
    const problems = await stack.stop();
    await removeLeftovers(layout);
    if (problems.length > 0) throw new StackError(`the stack did not stop cleanly: ${problems.join('; ')}`);
  };
  try {
    return { context: await stack.start(), stack, stop };
  } catch (error) {
    await stop();
    throw new StackError(`the stack did not start: ${error instanceof Error ? error.message : String(error)}\n${said.join('\n')}`, { cause: error });
  }
}
