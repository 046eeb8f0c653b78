export interface TopLevelElement {
  readonly name: string;
  /** The opening tag with its attributes. */
  readonly tag: string;
  /** What stands between its tags; of one that has elements, what stands before the first. */
  readonly text: string;
}

/** Tags, with comments, declarations and character data in between that may hold what looks like one. */
const MARKUP =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g;

/**
 * The elements directly in the root of a document: what has the same name further in, as `memory` has in a domain, is not
 * among them.
 * @returns none when the root is another
 */
export const topLevelElements = (xml: string, root: string): TopLevelElement[] => {
  const found: TopLevelElement[] = [];
  let depth = 0;
  for (const { 0: tag, 1: slash, 2: name, 3: rest = '', index } of xml.matchAll(MARKUP)) {
    if (name === undefined) continue;
    if (slash === '/') {
      depth -= 1;
      continue;
    }
    if (depth === 0 && name !== root) return [];
    if (depth === 1) found.push({ name, tag, text: rest.endsWith('/') ? '' : textAt(xml, index + tag.length) });
    if (!rest.endsWith('/')) depth += 1;
  }
  return found;
};

const textAt = (xml: string, from: number): string => {
  const end = xml.indexOf('<', from);
  return xml.slice(from, end === -1 ? undefined : end);
};
