import { execFile } from 'node:child_process';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';

const LIMITS = { timeout: 10_000, maxBuffer: 64 * 1_048_576 };
/** Services often run without the administrator's folders on their path. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

export type HostCommandLine = readonly [program: string, ...args: string[]];

export interface HostCommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Not 0 only where the caller allowed it. */
  readonly exitCode: number;
}

/** Runs the kernel's own tools in the network namespace of libvirt's daemon, where its bridges and rules are. */
@Injectable()
export class HostCommand {
  constructor(@Inject(AGENT_CONFIG) private readonly config: Pick<AgentConfig, 'NETNS'>) {}

  /**
   * @param options.input written to the program's standard input
   * @param options.mayFail whether an exit code other than 0 is an answer
   * @throws Error when the program is missing, fails, takes over 10 s or prints over 64 MiB
   */
  run(command: HostCommandLine, options: { input?: string; mayFail?: boolean } = {}): Promise<HostCommandOutput> {
    const [program, ...args] =
      this.config.NETNS === undefined ? command : (['ip', 'netns', 'exec', this.config.NETNS, ...command] as const);
    return new Promise((resolve, reject) => {
      const child = execFile(program, args, { ...LIMITS, env: ENVIRONMENT }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : error.code;
        if (exitCode === 0 || (options.mayFail === true && typeof exitCode === 'number'))
          resolve({ stdout, stderr, exitCode });
        else reject(new Error(`${command.join(' ')}: ${stderr.trim() || 'no answer'}`, { cause: error }));
      });
      // A program that ends before it has read its input is told by its exit code.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(options.input ?? '');
    });
  }
}
