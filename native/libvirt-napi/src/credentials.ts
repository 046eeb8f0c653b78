import { abandonable } from './calls.js';
import { loadAddon } from './load-addon.js';

/** Something that a daemon wants to know before it lets somebody in (`virConnectCredential`). */
export interface CredentialRequest {
  readonly type:
    | 'username'
    | 'authname'
    | 'language'
    | 'cnonce'
    | 'passphrase'
    | 'echo-prompt'
    | 'no-echo-prompt'
    | 'realm'
    | 'external'
    | 'unknown';
  /** What to ask a person. */
  readonly prompt: string | null;
  /** What the server sends. */
  readonly challenge: string | null;
  /** What is taken when there is no answer. */
  readonly defaultAnswer: string | null;
}

/** Answers in the order of the requests; one that is missing is left to its default, and null gives up. */
export type CredentialAnswers = readonly (string | null)[] | null;

/** Answers what daemons ask. Asked for each connection that is opened: one for events and one for each worker. */
export type CredentialsProvider = (
  requests: readonly CredentialRequest[],
) => CredentialAnswers | Promise<CredentialAnswers>;

/** How the addon asks. */
export interface CredentialsEvent {
  readonly kind: 'credentials';
  readonly id: number;
  readonly requests: readonly CredentialRequest[];
}

/** Asks the provider; one that throws gives up, as `signal` does, and the connection is refused with libvirt's `AUTH_FAILED`. */
export async function answerCredentials(
  event: CredentialsEvent,
  provider: CredentialsProvider,
  signal?: AbortSignal,
): Promise<void> {
  const asked = async (): Promise<CredentialAnswers> => answersOf(await provider(event.requests));
  // libvirt's error of the connection says that there was no answer; why, the provider knows.
  const answers = await abandonable(signal, asked, () => undefined).catch(() => null);
  loadAddon().answerCredentials(event.id, answers);
}

/** What a provider without types gives may be anything; what is no answer gives up. */
function answersOf(given: unknown): (string | null)[] | null {
  if (!Array.isArray(given)) return null;
  const answers = given.map((answer: unknown) => answer ?? null);
  return answers.every((answer) => answer === null || typeof answer === 'string') ? answers : null;
}
