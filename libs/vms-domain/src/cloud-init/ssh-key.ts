/** DSA is left out: servers have refused it for years. */
const KEY_TYPES: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** Type, key and what people call it. No options before it: they would be commands for the guest. */
const LINE = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: ([^\p{C}\p{Zl}\p{Zp}]{1,255}))?$/u;

/** Whether a text is one public key as `ssh-keygen` writes it: its type is also the first thing that the key itself says. */
export const isSshPublicKey = (text: string): boolean => {
  const [, type = '', key = ''] = LINE.exec(text) ?? [];
  if (!KEY_TYPES.has(type)) return false;
  const blob = Buffer.from(key, 'base64');
  const name = Buffer.from(type, 'latin1');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return length === name.length && blob.length > 4 + length && blob.subarray(4, 4 + length).equals(name);
};
