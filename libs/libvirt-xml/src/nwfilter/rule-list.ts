/** One table (`filter`, `nat`, …) as iptables-save, ip6tables-save and ebtables-save print it. */
export interface RuleTable {
  /** What becomes of a packet that no rule of the chain decides; `-` for iptables' own chains. */
  readonly policies: ReadonlyMap<string, string>;
  /** Every chain of the table with its rules in their order, each as `-A <chain> …`; chains without rules are empty. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

export type RuleList = ReadonlyMap<string, RuleTable>;

const EMPTY_TABLE: RuleTable = { policies: new Map(), chains: new Map() };

/** The table of that name; an empty one where the kernel has none. */
export const tableOf = (list: RuleList, name: string): RuleTable => list.get(name) ?? EMPTY_TABLE;

/** Reads what iptables-save, ip6tables-save or ebtables-save print. */
export const readRuleList = (text: string): RuleList => {
  const tables = new Map<string, { policies: Map<string, string>; chains: Map<string, string[]> }>();
  let table = { policies: new Map<string, string>(), chains: new Map<string, string[]>() };
  const chainOf = (name: string): string[] => {
    const rules = table.chains.get(name) ?? [];
    table.chains.set(name, rules);
    return rules;
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = { policies: new Map(), chains: new Map() };
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(':')) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      table.policies.set(name, policy);
      chainOf(name);
    } else if (line.startsWith('-A ')) {
      chainOf(line.split(' ', 2)[1] ?? '').push(line.trimEnd());
    }
  }
  return tables;
};
