/** A piece of README.md that a reader runs. */
export interface ReadmeCommand {
  readonly language: 'sh' | 'js' | 'table';
  /** As it stands there; of a shell command without its remark. */
  readonly text: string;
  /** Its first line. */
  readonly title: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gmu;
/** Blocks that are looked at and not run. */
const PICTURES = ['mermaid'];

const command = (language: ReadmeCommand['language'], text: string): ReadmeCommand => ({
  language,
  text,
  title: text.split('\n')[0] ?? '',
});

/** Commands of a shell block: a line that ends with a backslash goes on, a remark is left out. */
const shellCommands = (block: string): ReadmeCommand[] =>
  block
    .split(/(?<!\\)\n/u)
    .map((line) => line.replace(/(?:^|\s+)# .*$/u, ''))
    .filter((line) => line !== '')
    .map((line) => command('sh', line));

/** The code of the first column of the tables whose first column is named "command". */
const tableCommands = (text: string): ReadmeCommand[] => {
  const tables = text.split('\n\n').filter((part) => /^\| command\s*\|/u.test(part));
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/gu)])
      .map((match) => command('table', match[1] ?? '')),
  );
};

/**
 * Everything in README.md that a reader is told to run, in its order.
 * @throws Error when there is a block in another language
 */
export function readmeCommands(text: string): readonly ReadmeCommand[] {
  const blocks = [...text.matchAll(FENCE)].flatMap(([, language = '', block = '']) => {
    if (PICTURES.includes(language)) return [];
    if (language === 'sh') return shellCommands(block);
    if (language === 'js') return [command('js', block)];
    throw new Error(`README.md has a block in "${language}", which nobody tries: ${block}`);
  });
  return [...blocks, ...tableCommands(text)];
}
