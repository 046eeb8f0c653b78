/** Modules that say nothing beyond the options that they bring. */
const SILENT_MODULES: ReadonlySet<string> = new Set(['tcp', 'udp', 'conntrack', 'comment', 'physdev']);

/** The words of a rule as iptables-save prints it: split at blanks, quoted text in one piece without its quotes. */
export const wordsOfRule = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );

/**
 * What a rule means, whatever the version of the program that printed it: its options in one order, without the chain.
 * Two rules with the same meaning in this form do the same.
 */
export const meaningOfRule = (line: string): string => {
  const options: string[][] = [];
  for (const word of wordsOfRule(line)) {
    const last = options.at(-1);
    if (word === '!') options.push([word]);
    else if (last?.length === 1 && last[0] === '!') last.push(word);
    else if (/^-{1,2}[A-Za-z]/.test(word) || last === undefined) options.push([word]);
    else last.push(word);
  }
  return options
    .filter(([option, value = '']) => option !== '-A' && !(option === '-m' && SILENT_MODULES.has(value)))
    .map(([option, ...values]) => [option, ...values.map(ordered)].join(' '))
    .sort()
    .join('\n');
};

/** States of a connection are a set. */
const ordered = (value: string): string => (/^[A-Z]+(,[A-Z]+)+$/.test(value) ? value.split(',').sort().join() : value);

/** What becomes of a packet that the rule matches: `ACCEPT`, the name of a chain, …; undefined: nothing, the next rule is asked. */
export const targetOfRule = (line: string): string | undefined => {
  const words = wordsOfRule(line);
  const at = words.findIndex((word) => word === '-j' || word === '-g');
  return at === -1 ? undefined : words[at + 1];
};
