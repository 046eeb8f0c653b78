import { describe, expect, it } from '@jest/globals';
import { Email, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, NewPassword } from './password.rules.js';

describe('an e-mail address', () => {
  it('is the same one in any case and with blanks around it', () => {
    expect(Email.parse('  Ada.Lovelace@Example.ORG ')).toBe('ada.lovelace@example.org');
  });

  it.each([
    ['has a Kelvin sign, which is a k in lower case', '\u212Aim@example.org'],
    ['has a letter that only looks so', '\u0430da@example.org'],
    ['has a blank inside', 'a b@example.org'],
    ['has a line feed inside', 'a\nb@example.org'],
    ['has no host', 'ada@'],
    ['has two hosts', 'ada@example.org@example.org'],
    ['is longer than the mail protocol carries', `${'a'.repeat(250)}@example.org`],
    ['is no text', 5],
  ])('is refused when it %s', (_what, text) => {
    expect(Email.safeParse(text).success).toBe(false);
  });
});

describe('a new password', () => {
  it.each([MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH])('may have %d characters of one kind', (length) => {
    expect(NewPassword.parse('a'.repeat(length))).toHaveLength(length);
  });

  it.each([MIN_PASSWORD_LENGTH - 1, MAX_PASSWORD_LENGTH + 1])('may not have %d characters', (length) => {
    expect(NewPassword.safeParse('a'.repeat(length)).success).toBe(false);
  });

  it('is kept as it was typed: blanks at its ends count', () => {
    const typed = `  ${'a'.repeat(MIN_PASSWORD_LENGTH)} `;
    expect(NewPassword.parse(typed)).toBe(typed);
  });
});
