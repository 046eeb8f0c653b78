import { fleetLayout, fleetSize } from './fleet.ts';
import { logsCommand, netnsCommand, statusCommand, virshCommand } from './inspect-commands.ts';
import { defaultLayout } from './layout.ts';
import { StackError } from './stack-error.ts';
import { startCommand } from './start-command.ts';
import { resetCommand, stopCommand } from './stop-command.ts';

const [name = '', ...given] = process.argv.slice(2);
const forFleet = given.includes('--fleet');
const args = forFleet && name !== 'start' ? given.filter((arg) => arg !== '--fleet') : given;
const layout = forFleet ? fleetLayout(defaultLayout()) : defaultLayout();

const COMMANDS: Readonly<Record<string, () => Promise<number | undefined>>> = {
  start: () =>
    startCommand({
      layout,
      demo: !args.includes('--no-demo'),
      exitAfterDemo: args.includes('--exit-after-demo'),
      fleetVms: fleetSize(args),
    }),
  stop: () => stopCommand(layout).then(() => 0),
  reset: () => resetCommand(layout).then(() => 0),
  status: () => statusCommand(layout),
  logs: () => logsCommand(layout, args),
  virsh: () => virshCommand(layout, args),
  netns: () => netnsCommand(layout, args),
};

// A full disk or a closed terminal takes what we say, and must not take what we supervise.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const command = COMMANDS[name];
  if (command === undefined) throw new StackError(`usage: main.ts ${Object.keys(COMMANDS).join(' | ')}`);
  process.exit(await command());
} catch (error) {
  // An expected failure is one line; anything else is a defect and keeps its stack trace.
  console.error(error instanceof StackError ? `infinibay: ${error.message}` : error);
  process.exit(1);
}
