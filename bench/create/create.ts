// How long a VM takes from the mutation to the event that it runs, against libvirt alone with the same definition.
import { randomUUID } from 'node:crypto';

import { GraphClient } from '../../tools/demo/graph-client.ts';
import { LiveFeed } from '../../tools/demo/live-feed.ts';
import { DepartmentUnderTest } from '../../tools/e2e/department-under-test.ts';
import { RunningSystem } from '../../tools/e2e/running-system.ts';
import { ADMIN_EMAIL } from '../../tools/stack/first-administrator.ts';
import { cleanUp } from '../cleanup.ts';
import { boundedFigure, median, plainFigure, ratioFigure, WrongAnswer, type Figure } from '../report/figure.ts';
import { BareLibvirt } from './bare-libvirt.ts';

const ROUNDS = 7;
const PARALLEL = 20;
const WORKERS = 4;
const GIVE_UP_MS = 180_000;
const STEPS = `query ($id: ID!) {
  vm(id: $id) { operations(first: 1) { createdAt steps { name status startedAt finishedAt } } }
}`;

interface Journal {
  readonly createdAt: string;
  readonly steps: readonly { readonly name: string; readonly startedAt: string; readonly finishedAt: string }[];
}

const ms = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** A department that makes VMs and sees them run by the events at its socket. */
class Creator {
  private readonly department: DepartmentUnderTest;
  private readonly feed: LiveFeed;

  constructor(department: DepartmentUnderTest, feed: LiveFeed) {
    this.department = department;
    this.feed = feed;
  }

  /** @returns the VM and the time from the request to the event */
  async create(): Promise<{ readonly vmId: string; readonly tookMs: number }> {
    const since = performance.now();
    const vmId = await this.department.createVm(`b-${randomUUID().slice(0, 8)}`);
    await this.feed.until(
      'the event that it runs',
      () => this.feed.has('vm.state-changed', vmId, ({ to }) => to === 'RUNNING' || to === 'ERROR'),
      GIVE_UP_MS,
    );
    if (!this.feed.has('vm.state-changed', vmId, ({ to }) => to === 'RUNNING'))
      throw new WrongAnswer('a VM is in ERROR');
    return { vmId, tookMs: performance.now() - since };
  }

  async journal(vmId: string): Promise<Journal> {
    const { vm } = await this.department.member.ask<{ vm: { operations: Journal[] } }>(STEPS, { id: vmId });
    const [journal] = vm.operations;
    if (journal === undefined) throw new WrongAnswer('a VM has no operation');
    return journal;
  }

  async remove(vmIds: readonly string[]): Promise<void> {
    await Promise.all(vmIds.map((vmId) => this.department.deleteVm(vmId)));
  }
}

class OneByOne {
  readonly oursMs: number[] = [];
  readonly bareMs: number[] = [];
  readonly diskMs: number[] = [];
  readonly qemuImgMs: number[] = [];
  /** Of each step, and of what is before it. */
  readonly steps = new Map<string, number[]>();

  addStep(name: string, tookMs: number): void {
    this.steps.set(name, [...(this.steps.get(name) ?? []), tookMs]);
  }
}

/** One at a time, ours and bare libvirt in turn. */
const oneByOne = async (creator: Creator, bare: BareLibvirt): Promise<OneByOne> => {
  const found = new OneByOne();
  for (let round = 0; round < ROUNDS; round += 1) {
    found.bareMs.push((await bare.create(1, 1)).allMs);
    found.qemuImgMs.push(await bare.qemuImgMs());
    const { vmId, tookMs } = await creator.create();
    found.oursMs.push(tookMs);
    const { createdAt, steps } = await creator.journal(vmId);
    let before = createdAt;
    for (const { name, startedAt, finishedAt } of steps) {
      found.addStep(name, ms(startedAt, finishedAt));
      found.addStep(`before ${name}`, ms(before, startedAt));
      if (name === 'ensure-disk') found.diskMs.push(ms(startedAt, finishedAt));
      before = finishedAt;
    }
    await creator.remove([vmId]);
  }
  return found;
};

/** So many at once by so many clients. @returns how long all took, and each */
const inParallel = async (creator: Creator, count: number, clients: number) => {
  const since = performance.now();
  const eachMs: number[] = [];
  const vmIds: string[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        const { vmId, tookMs } = await creator.create();
        vmIds.push(vmId);
        eachMs.push(tookMs);
      }
    }),
  );
  const allMs = performance.now() - since;
  await creator.remove(vmIds);
  return { allMs, eachMs };
};

const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values);

const figuresOf = ({ oursMs, bareMs, diskMs, qemuImgMs, steps }: OneByOne): Figure[] => {
  const [ours, bare] = [median(oursMs), median(bareMs)];
  return [
    ratioFigure('V1', {
      value: ours,
      unit: 'ms',
      reference: 'bare libvirt',
      referenceValue: bare,
      goal: '<= 1.25',
    }),
    boundedFigure('V1.own', ours - bare, 'ms', '<= 50'),
    ...[...steps].map(([name, values]) => plainFigure(`V1 ${name}`, median(values), 'ms')),
    ratioFigure('V3', {
      value: median(diskMs),
      unit: 'ms',
      reference: 'qemu-img create -b',
      referenceValue: median(qemuImgMs),
      goal: '<= 0.2',
    }),
  ];
};

/** V1, V2, V3 and V5 of the goals, with real guests on the whole stack. */
export async function measureCreate(say: (line: string) => void): Promise<readonly Figure[]> {
  say('starting the whole stack');
  const system = await RunningSystem.start();
  const stop = cleanUp(async () => {
    await system.stop();
  });
  try {
    const admin = new GraphClient(system.graphqlUrl);
    await admin.login(ADMIN_EMAIL, system.adminPassword);
    const department = await DepartmentUnderTest.create(system, admin, 'Bench');
    const creator = new Creator(
      department,
      await LiveFeed.join(system.realtimeUrl, department.member.accessToken, () => undefined),
    );
    const first = await creator.create();
    const bare = await BareLibvirt.like(system, first.vmId);
    try {
      say(`one at a time, ${String(ROUNDS)} rounds`);
      const single = figuresOf(await oneByOne(creator, bare));
      say(`${String(PARALLEL)} by ${String(WORKERS)} clients`);
      const [bareFour, four] = [await bare.create(PARALLEL, WORKERS), await inParallel(creator, PARALLEL, WORKERS)];
      say(`${String(PARALLEL)} at once`);
      const [bareAll, all] = [await bare.create(PARALLEL, PARALLEL), await inParallel(creator, PARALLEL, PARALLEL)];
      return [
        ...single,
        ratioFigure('V2', {
          value: (PARALLEL / four.allMs) * 1_000,
          unit: 'VMs/s',
          reference: 'bare libvirt',
          referenceValue: (PARALLEL / bareFour.allMs) * 1_000,
          goal: '>= 0.9',
        }),
        ratioFigure('V5', {
          value: spread(all.eachMs),
          unit: 'last/first',
          reference: 'bare libvirt',
          referenceValue: spread(bareAll.eachMs),
          goal: '<= 1.15',
        }),
      ];
    } finally {
      bare.stop();
    }
  } finally {
    await stop();
  }
}
