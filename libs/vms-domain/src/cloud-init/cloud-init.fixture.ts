/** A public key of a type, with as many bytes behind its name. */
export const publicKey = (type: string, bytes = 36): string => {
  const name = Buffer.alloc(4 + type.length);
  name.writeUInt32BE(type.length, 0);
  name.write(type, 4, 'latin1');
  return `${type} ${Buffer.concat([name, Buffer.alloc(bytes, 0xa5)]).toString('base64')}`;
};

/** As ssh-keygen wrote it. */
export const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILVQM0TbbmaSbHIzehDK8pZ9STWhJaW5BZYY+fzkRTTi alice@laptop';

/** Of the word "secret", as crypt(3) of glibc's libcrypt made them. */
export const HASHES = [
  '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1',
  '$5$rounds=5000$abc$qsg6EHbUzHQzF1POlD7zUwBINSELQxypPaeDcZe6vH0',
  '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0',
];
