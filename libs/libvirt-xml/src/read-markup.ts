/**
 * Reads the few facts we need out of XML that libvirt wrote. libvirt escapes every text, so markup found here is
 * markup; it is not a parser for XML from anywhere else.
 */
export const attribute = (tag: string | undefined, name: string): string | undefined => {
  const text =
    tag === undefined
      ? undefined
      : new RegExp(`\\s${name}=(?:'([^']*)'|"([^"]*)")`)
          .exec(tag)
          ?.slice(1)
          .find((value) => value !== undefined);
  return text === undefined ? undefined : unescaped(text);
};

export const tags = (xml: string, name: string): string[] => xml.match(new RegExp(`<${name}(?:\\s[^>]*)?>`, 'g')) ?? [];

/** With their content; an element in one of the same name is not told apart. */
export const elements = (xml: string, name: string): string[] =>
  xml.match(new RegExp(`<${name}(?:\\s[^>]*[^/])?>[\\s\\S]*?</${name}>`, 'g')) ?? [];

/** The text of the first such element. */
export const textOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1];

const CHARACTERS = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' } as const;

/** A text as it was before libvirt escaped it. */
export const unescaped = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp);/g, (_reference, name: keyof typeof CHARACTERS) => CHARACTERS[name]);
