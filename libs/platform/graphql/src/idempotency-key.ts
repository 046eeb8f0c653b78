/** Description of the field `idempotencyKey` of every input. */
export const KEY_DESCRIPTION =
  'Your own key, 8 to 128 printable ASCII characters: the same key again gives the same result without acting twice, for as long as the operator keeps history (90 days by default)';
