import {
  DomainError,
  getLatestSamples,
  getSamplePage,
  type GuestSample,
  type RequestInputOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Graph, type GraphContext } from '@infinibay/platform-graphql';
import { CLOCK_TOLERANCE_SECONDS, RequestClient } from '@infinibay/platform-messaging';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { GuestMetrics, GuestMetricsPage } from './guest-metrics.model.js';
import { MAX_SAMPLES, MetricsWindow } from './metrics-window.js';

const HOUR_MS = 3_600_000;
const STALE_AFTER_MS = 300_000;
const EARLIEST_MS = Date.UTC(2000, 0);
const LATEST_MS = Date.UTC(9999, 0);

/** The parent VM was authorised when it was read, so its samples may be shown. */
@Resolver(() => Vm)
export class GuestMetricsResolver {
  constructor(private readonly requests: RequestClient) {}

  @Authorize()
  @ResolveField(() => GuestMetrics, {
    nullable: true,
    description:
      'Newest sample of the guest; null while its agent does not speak: before it did, and after it fell silent',
  })
  async metrics(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<GuestMetrics | null> {
    const { guestReadyAt } = vm;
    if (guestReadyAt === null) return null;
    const loader = graph.loader<GuestSample>('latest-sample', async (vmIds) => {
      const { samples } = await this.requests.call(getLatestSamples, { vmIds: [...vmIds] });
      return new Map(samples.map((sample) => [sample.vmId, sample]));
    });
    const sample = await loader.load(vm.id);
    return sample === null || !isPresent(sample, guestReadyAt) ? null : toGuestMetrics(sample);
  }

  @Authorize()
  @ResolveField(() => [GuestMetrics], {
    description:
      'The newest `limit` samples within the time, oldest first. The last hour when `from` is left out. Where as many come as were asked for, there may be older ones: `metricsPage` tells',
  })
  async metricsHistory(@Parent() vm: Vm, @Args() window: MetricsWindow): Promise<GuestMetrics[]> {
    const { samples } = await this.requests.call(getSamplePage, toQuery(vm.id, window));
    return samples.map(toGuestMetrics).reverse();
  }

  @Authorize()
  @ResolveField(() => GuestMetricsPage, {
    description: 'Samples within the time, newest first. The last hour when `from` is left out',
  })
  async metricsPage(@Parent() vm: Vm, @Args() window: MetricsWindow): Promise<GuestMetricsPage> {
    const { samples, more } = await this.requests.call(getSamplePage, toQuery(vm.id, window));
    const nodes = samples.map(toGuestMetrics);
    return { nodes, olderBefore: more ? (nodes.at(-1)?.sampledAt ?? null) : null };
  }
}

/** Of this start of the VM and not long ago. Wide enough for clocks that differ by two minutes. */
const isPresent = ({ sampledAt }: GuestSample, guestReadyAt: Date): boolean => {
  const at = Date.parse(sampledAt);
  return at >= guestReadyAt.getTime() && Date.now() - at < STALE_AFTER_MS;
};

/** @throws DomainError INVALID_INPUT for a limit out of range and for what is no time. */
const toQuery = (vmId: string, { from, to, limit }: MetricsWindow): RequestInputOf<typeof getSamplePage> => {
  if (limit < 1 || limit > MAX_SAMPLES)
    throw new DomainError('INVALID_INPUT', { field: 'limit', minimum: 1, maximum: MAX_SAMPLES });
  // What is no time at all becomes an invalid Date in the scalar, which does not refuse it.
  for (const [field, time] of Object.entries({ from, to }))
    if (Number.isNaN(time?.getTime())) throw new DomainError('INVALID_INPUT', { field, reason: 'not a time' });
  // Samples carry their host's clock, which may be ahead of ours.
  const end = within(to ?? new Date(Date.now() + CLOCK_TOLERANCE_SECONDS * 1_000));
  const begin = within(from ?? new Date((to?.getTime() ?? Date.now()) - HOUR_MS));
  return { vmId, from: begin.toISOString(), to: end.toISOString(), limit };
};

/** Nothing was sampled before, and nothing will be after; years beyond four digits are no time to the database. */
const within = (time: Date): Date => new Date(Math.min(Math.max(time.getTime(), EARLIEST_MS), LATEST_MS));

/** Collectors before 0.2 passed on process ids that GraphQL's Int can't carry. */
const isInt = (value: number): boolean => value <= 2_147_483_647;

const toGuestMetrics = ({ sampledAt, metrics }: GuestSample): GuestMetrics => ({
  sampledAt: new Date(sampledAt),
  ...metrics,
  processes: metrics.processes
    .filter(({ pid }) => isInt(pid))
    .map((process) => ({
      ...process,
      parentPid: process.parentPid !== null && isInt(process.parentPid) ? process.parentPid : null,
    })),
});
