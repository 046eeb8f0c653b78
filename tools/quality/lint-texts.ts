import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface TextToLint {
  /** Path below the repository's root where the text would stand; nothing has to be there. */
  readonly file: string;
  readonly code: string;
}

export interface LintedText {
  /** Names of the rules that refused something. */
  readonly rules: readonly string[];
  readonly messages: readonly string[];
}

const SCRIPT = fileURLToPath(new URL('./lint-texts.mjs', import.meta.url));
/** Else a worker of Nx outlives the lint for a while. */
const NX_IN_PROCESS = { NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false' };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Lints texts as if they stood at their paths, by the repository's own configuration. In a process of its own: Nx
 * keeps its project graph in native code and in globals, which jest's sandbox takes away.
 */
export async function lintTexts(texts: readonly TextToLint[]): Promise<readonly LintedText[]> {
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [SCRIPT],
      { cwd: ROOT, timeout: 600_000, maxBuffer: 16 * 1024 * 1024, env: { ...process.env, ...NX_IN_PROCESS } },
      (error, out, err) => {
        if (error === null) resolve(out);
        else reject(new Error(`lint failed: ${err}`, { cause: error }));
      },
    );
    child.stdin?.end(JSON.stringify(texts));
  });
  return JSON.parse(stdout.slice(stdout.indexOf('[{'))) as LintedText[];
}
