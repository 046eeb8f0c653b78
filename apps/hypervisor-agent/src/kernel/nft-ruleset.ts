export interface NftChain {
  readonly name: string;
  /** Where the kernel asks it; undefined: only chains that jump to it do. */
  readonly hook: string | undefined;
  /** Of the hooks that belong to devices. */
  readonly devices: readonly string[];
  readonly rules: readonly string[];
}

export interface NftTable {
  readonly family: string;
  readonly name: string;
  /** Its chains are there, and the kernel asks none of them. */
  readonly isDormant: boolean;
  readonly chains: readonly NftChain[];
  /** Devices between which packets of known connections are handed over before any chain is asked. */
  readonly flowDevices: readonly string[];
}

interface Block {
  readonly head: string;
  readonly lines: string[];
  readonly blocks: Block[];
}

/** Reads what `nft list ruleset` prints. */
export const readNftRuleset = (text: string): NftTable[] => blocksOf(text).flatMap(tableOf);

/** The tree of `<head> {` … `}`. */
const blocksOf = (text: string): Block[] => {
  const root: Block = { head: '', lines: [], blocks: [] };
  const open: Block[] = [root];
  for (const line of text.split('\n').map((each) => each.trim())) {
    const current = open.at(-1) ?? root;
    if (line === '}') open.pop();
    else if (line.endsWith('{')) {
      const block: Block = { head: line.slice(0, -1).trim(), lines: [], blocks: [] };
      current.blocks.push(block);
      open.push(block);
    } else if (line !== '') current.lines.push(line);
  }
  return root.blocks;
};

const tableOf = ({ head, lines, blocks }: Block): NftTable[] => {
  const [kind, family = '', name = ''] = head.split(' ');
  if (kind !== 'table') return [];
  return [
    {
      family,
      name,
      isDormant: lines.some((line) => /^flags\b.*\bdormant\b/.test(line)),
      chains: blocks.filter((block) => block.head.startsWith('chain ')).map(chainOf),
      flowDevices: blocks
        .filter((block) => block.head.startsWith('flowtable '))
        .flatMap((block) => block.lines.filter((line) => line.startsWith('devices')).flatMap(devicesOf)),
    },
  ];
};

const chainOf = ({ head, lines }: Block): NftChain => {
  const isHook = (line: string): boolean => /^type \S+ hook /.test(line);
  const base = lines.find(isHook);
  return {
    name: head.slice('chain '.length),
    hook: base === undefined ? undefined : /\bhook (\S+)/.exec(base)?.[1],
    devices: base === undefined ? [] : devicesOf(base),
    rules: lines.filter((line) => !isHook(line)),
  };
};

/** `device "a"`, `devices = { a, "b" }` */
const devicesOf = (line: string): string[] => {
  const many = /\bdevices = \{([^}]*)\}/.exec(line)?.[1];
  const one = /\bdevice "?([^"\s;]+)"?/.exec(line)?.[1];
  const names = many === undefined ? (one === undefined ? [] : [one]) : many.split(',');
  return names.map((name) => name.trim().replaceAll('"', '')).filter((name) => name !== '');
};
