import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import type { RunningSystem } from '../e2e/running-system.ts';
import { readRecords } from './records.ts';
import type { DomainPower, Snapshot } from './snapshot.ts';

const DOMAIN = /^vm-([0-9a-f-]{36})$/;
const DISK = /^vm-([0-9a-f-]{36})\.qcow2$/;
const SNAPSHOT = /^infinibay-([0-9a-f-]{36})$/;
const VOLUME = /^volume-([0-9a-f-]{36})\.qcow2$/;
const SEED = /^seed-([0-9a-f-]{36})\.iso$/;
const OURS = /^(?:vm|volume|seed)-/;
const FILTER = /^infinibay-vm-([0-9a-f-]{36})$/;
/** Chains that nwfilter makes for a tap, in iptables and in ebtables. */
const CHAIN_OF_TAP = /\b(?:F[IO]|libvirt-[IO])-(vnet\d+)\b/g;

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

const captured = (pattern: RegExp, names: readonly string[]): string[] =>
  names.flatMap((name) => pattern.exec(name)?.[1] ?? []);

/** Reads what there is: from the database as its superuser, from libvirt, the kernel and the folders. */
export class Look {
  private readonly system: RunningSystem;
  private readonly superuserPassword: string;

  constructor(system: RunningSystem, superuserPassword: string) {
    this.system = system;
    this.superuserPassword = superuserPassword;
  }

  /** @throws Error while the database or libvirt is away */
  async take(): Promise<Snapshot> {
    const [{ saidMib, ...records }, { definedMib, liveMib, ...libvirt }] = await Promise.all([
      readRecords(this.system.state.ports['postgres'] ?? 0, this.superuserPassword),
      this.libvirt(),
    ]);
    const memoryMib = new Map(
      [...saidMib].map(([id, said]) => [
        id,
        { said, defined: definedMib.get(id) ?? null, live: liveMib.get(id) ?? null },
      ]),
    );
    return { ...records, ...libvirt, memoryMib, ...this.files(), filteredTaps: await this.filteredTaps() };
  }

  private async libvirt() {
    const names = async (...flags: string[]): Promise<string[]> =>
      lines(await this.system.virsh('list', '--name', ...flags)).filter((name) => name.startsWith('vm-'));
    const all = await names('--all');
    const [running, paused] = [await names('--state-running'), await names('--state-paused')];
    const power = (name: string): DomainPower =>
      paused.includes(name) ? 'paused' : running.includes(name) ? 'running' : 'off';
    const domains = new Map(all.flatMap((name) => captured(DOMAIN, [name]).map((id) => [id, power(name)] as const)));
    const taps = new Map<string, string[]>();
    for (const name of [...running, ...paused]) {
      const cards = lines(await this.system.virsh('domiflist', name)).flatMap(
        (line) => /^vnet\d+/.exec(line)?.[0] ?? [],
      );
      for (const id of captured(DOMAIN, [name])) taps.set(id, cards);
    }
    const recordedSnapshots: string[] = [];
    for (const name of all)
      for (const vmId of captured(DOMAIN, [name])) {
        const listed = lines(await this.system.virsh('snapshot-list', '--name', name));
        recordedSnapshots.push(...captured(SNAPSHOT, listed).map((id) => `${vmId}/${id}`));
      }
    const [definedVolumes, pluggedVolumes]: [string[], string[]] = [[], []];
    const [definedMib, liveMib] = [new Map<string, number>(), new Map<string, number>()];
    for (const name of all)
      for (const vmId of captured(DOMAIN, [name])) {
        const definition = await this.system.virsh('dumpxml', '--inactive', name);
        definedVolumes.push(...volumesIn(definition, vmId));
        definedMib.set(vmId, mibIn(definition));
        if (power(name) === 'off') continue;
        const live = await this.system.virsh('dumpxml', name);
        pluggedVolumes.push(...volumesIn(live, vmId));
        liveMib.set(vmId, mibIn(live));
      }
    const filters = lines(await this.system.virsh('nwfilter-list')).map((line) => line.split(/\s+/).at(-1) ?? '');
    return {
      domains,
      strangeDomains: all.filter((name) => !DOMAIN.test(name)),
      taps,
      recordedSnapshots,
      definedVolumes,
      pluggedVolumes,
      definedMib,
      liveMib,
      filters: captured(FILTER, filters),
    };
  }

  /** The chains themselves, whichever program shows them. */
  private async filteredTaps(): Promise<string[]> {
    const rules = await this.system.inNetwork('iptables-save');
    return [...new Set([...rules.matchAll(CHAIN_OF_TAP)].map((match) => match[1] ?? ''))];
  }

  private files() {
    const { diskDir, agentSocketDir, screenSocketDir } = this.system.layout;
    const names = readdirSync(diskDir);
    const folders = existsSync(agentSocketDir) ? readdirSync(agentSocketDir) : [];
    const screens = existsSync(screenSocketDir) ? readdirSync(screenSocketDir) : [];
    return {
      disks: captured(DISK, names),
      volumeFiles: new Map(captured(VOLUME, names).map((id) => [id, sizeOf(path.join(diskDir, `volume-${id}.qcow2`))])),
      seeds: captured(SEED, names),
      screens: screens.filter((id) => existsSync(path.join(screenSocketDir, id, 'vnc', 'socket'))),
      heldSnapshots: names.flatMap((name) =>
        captured(DISK, [name]).flatMap((id) => heldIn(path.join(diskDir, name), id)),
      ),
      strangeFiles: names.filter((name) => OURS.test(name) && ![DISK, VOLUME, SEED].some((one) => one.test(name))),
      sockets: folders.filter((name) => /^[0-9a-f-]{36}$/.test(name)),
    };
  }
}

interface DiskInfo {
  readonly 'virtual-size': number;
  readonly snapshots?: readonly { readonly name: string }[];
}

/** What QEMU's own tool finds in a disk; -U: a guest may have it. */
const infoOf = (file: string): DiskInfo =>
  JSON.parse(execFileSync('qemu-img', ['info', '-U', '--output=json', file], { encoding: 'utf8' })) as DiskInfo;

const heldIn = (file: string, vmId: string): string[] => {
  const { snapshots = [] } = infoOf(file);
  return captured(
    SNAPSHOT,
    snapshots.map(({ name }) => name),
  ).map((id) => `${vmId}/${id}`);
};

/** A file that goes between the list and the look has no size. */
const sizeOf = (file: string): number => (existsSync(file) ? infoOf(file)['virtual-size'] : 0);

const volumesIn = (domainXml: string, vmId: string): string[] =>
  [...domainXml.matchAll(/volume-([0-9a-f-]{36})\.qcow2/g)].map((match) => `${vmId}/${match[1] ?? ''}`);

const mibIn = (domainXml: string): number =>
  Number(/<currentMemory unit='KiB'>(\d+)</.exec(domainXml)?.[1] ?? 0) / 1_024;
