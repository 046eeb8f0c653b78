import { readArguments, type StackArguments } from './arguments.ts';
import { fleetLayout } from './fleet.ts';
import { logsCommand, netnsCommand, statusCommand, virshCommand } from './inspect-commands.ts';
import { defaultLayout, type StackLayout } from './layout.ts';
import { StackError } from './stack-error.ts';
import { startCommand } from './start-command.ts';
import { resetCommand, stopCommand } from './stop-command.ts';

type Command = (layout: StackLayout, asked: StackArguments) => Promise<number | undefined>;

const COMMANDS: Readonly<Record<string, Command>> = {
  start: (layout, { args, fleetVms }) =>
    startCommand({
      layout,
      demo: !args.includes('--no-demo'),
      exitAfterDemo: args.includes('--exit-after-demo'),
      fleetVms,
    }),
  stop: (layout) => stopCommand(layout).then(() => 0),
  reset: (layout) => resetCommand(layout).then(() => 0),
  status: (layout) => statusCommand(layout),
  logs: (layout, { args }) => logsCommand(layout, args),
  virsh: (layout, { args }) => virshCommand(layout, args),
  netns: (layout, { args }) => netnsCommand(layout, args),
};

// A full disk or a closed terminal takes what we say, and must not take what we supervise.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const [name = '', ...given] = process.argv.slice(2);
try {
  const command = COMMANDS[name];
  if (command === undefined) throw new StackError(`usage: main.ts ${Object.keys(COMMANDS).join(' | ')}`);
  const asked = readArguments(name, given);
  process.exit(await command(asked.isOfFleet ? fleetLayout(defaultLayout()) : defaultLayout(), asked));
} catch (error) {
  // An expected failure is one line; anything else is a defect and keeps its stack trace.
  console.error(error instanceof StackError ? `infinibay: ${error.message}` : error);
  process.exit(1);
}
