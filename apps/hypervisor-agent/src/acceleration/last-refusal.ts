import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import { z } from 'zod';
import { bootId } from '../work/boot-id.js';
import { RecordStore } from '../work/record-store.js';
import type { Acceleration } from './kvm-findings.js';

const KEY = 'kvm';
/** Another one when guests are probed otherwise: what an earlier agent found is then worth nothing. */
const PROBE_VERSION = 1;

const Refusal = z.object({ of: z.string(), reason: z.string(), checkedAt: z.iso.datetime() });

/** The libvirt that a guest was started by, its programs as numbers of their versions. */
export interface ProbedLibvirt {
  readonly uri: string;
  readonly versions: readonly number[];
}

/**
 * That no guest ran with KVM here, through restarts of the agent: to find it out again takes a guest that hangs for as long
 * as a probe may, and no VM is started meanwhile. It is said of one boot, one device and one libvirt.
 */
export class LastRefusal {
  private readonly records: RecordStore<z.infer<typeof Refusal>>;
  constructor(
    stateDir: string,
    private readonly device: string,
    private readonly logger: Logger,
    /** Where no kernel tells of a boot, each run is one. */
    private readonly boot: string = bootId() ?? newId(),
  ) {
    this.records = new RecordStore(join(stateDir, 'acceleration'), Refusal);
  }

  /** undefined: nothing is known of this libvirt on this boot. */
  async of(libvirt: ProbedLibvirt): Promise<{ readonly reason: string; readonly checkedAt: string } | undefined> {
    try {
      const last = await this.records.last(KEY);
      return last?.of === (await this.identityOf(libvirt)) ? last : undefined;
    } catch (err) {
      this.logger.warn({ err }, 'what is known of KVM could not be read; it is probed');
      return undefined;
    }
  }

  /** That it works takes no time to be found out, and is not kept. A failure costs another probe, and no more. */
  async keep(libvirt: ProbedLibvirt, { reason, checkedAt }: Acceleration): Promise<void> {
    try {
      if (reason === null) await this.records.forget(KEY);
      else await this.records.keep(KEY, { of: await this.identityOf(libvirt), reason, checkedAt });
    } catch (err) {
      this.logger.warn({ err }, 'what is known of KVM could not be written');
    }
  }

  /** Its module may be loaded anew with other parameters, which makes the device again. */
  private async identityOf({ uri, versions }: ProbedLibvirt): Promise<string> {
    const { ino, rdev, ctimeNs } = await stat(this.device, { bigint: true });
    return JSON.stringify([PROBE_VERSION, this.boot, uri, versions, [ino, rdev, ctimeNs].map(String)]);
  }
}
