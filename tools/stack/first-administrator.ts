import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { GraphClient, GraphError } from '../demo/graph-client.ts';
import { messageOf, StackError } from './stack-error.ts';

export const ADMIN_EMAIL = 'admin@infinibay.local';

/** Software emulation on a loaded machine included. */
const LOGIN_TIMEOUT_MS = 240_000;
const RETRY_MS = 500;

export const newPassword = (): string => randomBytes(12).toString('base64url');

const passwordFile = (runDir: string): string => path.join(runDir, 'administrator-password');

/**
 * The first administrator's password until the operator has seen it: made at a first start, and there again after a start that
 * was cut off between the making of the account and the telling. Undefined when the operator has it.
 */
export function pendingPassword(runDir: string, firstStart: boolean): string | undefined {
  const file = passwordFile(runDir);
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (kept !== '') return kept;
  if (!firstStart) return undefined;
  const made = newPassword();
  writeFileSync(file, made, { mode: 0o600 });
  return made;
}

/** From now on it is stored only as a hash. */
export function forgetPassword(runDir: string): void {
  rmSync(passwordFile(runDir), { force: true });
}

async function logInAndOut(graphqlUrl: string, password: string): Promise<void> {
  const client = new GraphClient(graphqlUrl);
  await client.login(ADMIN_EMAIL, password);
  await client.ask('mutation { logout }');
}

export interface LoginAttempt {
  readonly graphqlUrl: string;
  readonly password: string;
  /** Throws when the start was called off. */
  readonly checkpoint: () => void;
}

/**
 * Logs in as the operator will, through the gateway. Returns whether the password is right.
 * @throws StackError when there is neither a yes nor a no within four minutes.
 */
export async function opensTheDoor({ graphqlUrl, password, checkpoint }: LoginAttempt): Promise<boolean> {
  let last = 'no answer';
  const attempt = async (): Promise<boolean | undefined> => {
    checkpoint();
    try {
      await logInAndOut(graphqlUrl, password);
      return true;
    } catch (error) {
      if (error instanceof GraphError && error.code === 'INVALID_CREDENTIALS') return false;
      last = messageOf(error);
      return undefined;
    }
  };
  const deadline = Date.now() + LOGIN_TIMEOUT_MS;
  for (;;) {
    const answer = await attempt();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new StackError(`${ADMIN_EMAIL} can't log in: ${last}`);
    await delay(RETRY_MS);
  }
}
