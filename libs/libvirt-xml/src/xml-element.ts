/** Text or an element; absent children are left out, so that callers can write conditions in place. */
export type XmlChild = XmlElement | string | undefined;

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  readonly children: readonly XmlChild[];
}

/** Every XML document of this library is built from these: no text is ever pasted into markup. */
export const element = (
  name: string,
  attributes: XmlElement['attributes'] = {},
  ...children: readonly XmlChild[]
): XmlElement => ({ name, attributes, children });

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_.-]*)?$/;

/** What XML 1.0 can't carry in any form, lone surrogates included: removed, for no escape exists for it. */
const ILLEGAL = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Parsers turn these into spaces or line feeds unless they are written as references.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** A text as it stands in an attribute or between tags. */
export const escaped = (text: string): string =>
  text.replace(ILLEGAL, '').replace(/[&<>"'\t\n\r]/g, (character) => ESCAPES[character] ?? '');

const checkedName = (name: string): string => {
  if (!NAME.test(name)) throw new RangeError(`not an XML name: ${JSON.stringify(name)}`);
  return name;
};

/**
 * The document as text, without a declaration.
 * @throws RangeError for a name of an element or attribute that isn't one.
 */
export const renderXml = (root: XmlElement): string => {
  const attributes = Object.entries(root.attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${checkedName(name)}="${escaped(String(value))}"`)
    .join('');
  const content = root.children
    .map((child) => (child === undefined ? '' : typeof child === 'string' ? escaped(child) : renderXml(child)))
    .join('');
  const name = checkedName(root.name);
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
};
