import { stringify } from 'yaml';
import { CLOUD_CONFIG, type CloudInit } from './cloud-init.js';

/** What cloud-init reads from a disk of the kind NoCloud, by the names of its files. */
export interface SeedDocuments {
  readonly metaData: string;
  readonly userData: string;
  readonly networkConfig: string;
}

/** What a seed says beside what people asked for. */
export interface SeedOf {
  /** Another one makes cloud-init do all of it again. */
  readonly instanceId: string;
  /** The host name when none was asked for. */
  readonly vmName: string;
  /** Of its first card. */
  readonly mac: string;
  /** Of its other cards. */
  readonly furtherMacs?: readonly string[];
}

/**
 * Every text in double quotes: a MAC address is a number to base 60 for YAML 1.1, which cloud-init reads, `no` is false, and
 * what is quoted ends no line.
 */
const yaml = (document: unknown): string =>
  stringify(document, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });

/** Older releases take the key for the name of the card, whatever its MAC says: so it is given that name. */
const cardName = (index: number): string => `eth${String(index)}`;

/** Of a default route by a further card: each network offers one, and the first card's is preferred. */
const FURTHER_METRIC = 1_000;

const cardOf = (mac: string, index: number): readonly [string, Record<string, unknown>] => [
  cardName(index),
  {
    match: { macaddress: mac },
    'set-name': cardName(index),
    dhcp4: true,
    ...(index === 0 ? {} : { 'dhcp4-overrides': { 'route-metric': FURTHER_METRIC + index } }),
  },
];

export const seedDocuments = (
  wanted: CloudInit,
  { instanceId, vmName, mac, furtherMacs = [] }: SeedOf,
): SeedDocuments => ({
  metaData: yaml({ 'instance-id': instanceId, 'local-hostname': wanted.hostname ?? vmName }),
  userData: userDataOf(wanted),
  networkConfig: yaml({ version: 2, ethernets: Object.fromEntries([mac, ...furtherMacs].map(cardOf)) }),
});

const userDataOf = (wanted: CloudInit): string => {
  const config = cloudConfigOf(wanted);
  if (wanted.userData === null) return `${CLOUD_CONFIG}\n${yaml(config)}`;
  if (Object.keys(config).length === 0) return wanted.userData;
  const type = wanted.userData.startsWith('#!') ? 'x-shellscript' : 'cloud-config';
  return multipart([
    { type: 'cloud-config', name: 'infinibay.cfg', text: `${CLOUD_CONFIG}\n${yaml(config)}` },
    // Last: of a key that both say, cloud-init takes the value of the later part.
    { type, name: type === 'cloud-config' ? 'user-data.cfg' : 'user-data.sh', text: wanted.userData },
  ]);
};

const cloudConfigOf = ({ userName, sshAuthorizedKeys, passwordHash, packages }: CloudInit): Record<string, unknown> => {
  const keys = sshAuthorizedKeys.length === 0 ? {} : { ssh_authorized_keys: sshAuthorizedKeys };
  return {
    ...(userName === null ? keys : { users: [{ ...userOf(userName, passwordHash), ...keys }] }),
    ...(packages.length === 0 ? {} : { package_update: true, packages }),
  };
};

/** `hashed_passwd`, unlike `passwd`, is also given to a user whom an earlier seed has made. */
const userOf = (name: string, passwordHash: string | null): Record<string, unknown> => ({
  name,
  sudo: 'ALL=(ALL) NOPASSWD:ALL',
  lock_passwd: passwordHash === null,
  ...(passwordHash === null ? {} : { hashed_passwd: passwordHash }),
});

interface Part {
  readonly type: string;
  readonly name: string;
  readonly text: string;
}

/** No line of base64 begins with a dash: no text can end its part. */
const BOUNDARY = '--------infinibay';
const LINE_LENGTH = 76;

const multipart = (parts: readonly Part[]): string =>
  [
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    'MIME-Version: 1.0',
    '',
    ...parts.flatMap(({ type, name, text }) => [
      `--${BOUNDARY}`,
      `Content-Type: text/${type}; charset="utf-8"`,
      'MIME-Version: 1.0',
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="${name}"`,
      '',
      ...(Buffer.from(text)
        .toString('base64')
        .match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? []),
    ]),
    `--${BOUNDARY}--`,
    '',
  ].join('\n');
