/**
 * Code points that show as nothing or change how others show: control, format (direction, zero width, tags), surrogates,
 * private use, unassigned, line and paragraph separators, what fonts may ignore, and the empty Braille pattern.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Keyboards put it behind a symbol to have it in colour; it is the one such character that people type. */
const EMOJI_STYLE = /(\p{Extended_Pictographic})\uFE0F/gu;
const SEEN = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Whether every character of the text can be seen, and one at least is no space. */
export const isVisible = (text: string): boolean => {
  const plain = text.replace(EMOJI_STYLE, '$1');
  return SEEN.test(plain) && !UNSEEN.test(plain);
};

/**
 * What must be unique of a name: equal for names that differ in case, in compatibility forms (full width, ligatures,
 * kinds of spaces), in composition, or in the number of spaces. Not for showing.
 */
export const nameKey = (name: string): string =>
  // Upper case folds what lower case alone keeps apart, such as ß and ss; before it lower case, for the capital ẞ stays in upper case.
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\s+/gu, ' ')
    .trim();
