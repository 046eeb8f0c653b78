import { DomainError, getLatestSamples, getSampleHistory, type GuestSample } from '@infinibay/contracts';
import { Graph, type GraphContext } from '@infinibay/platform-graphql';
import { CLOCK_TOLERANCE_SECONDS, RequestClient } from '@infinibay/platform-messaging';
import { Args, GraphQLISODateTime, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { GuestMetrics } from './guest-metrics.model.js';

const HOUR_MS = 3_600_000;
const MOST_SAMPLES = 1_000;

/** The parent VM was authorised when it was read, so its samples may be shown. */
@Resolver(() => Vm)
export class GuestMetricsResolver {
  constructor(private readonly requests: RequestClient) {}

  @ResolveField(() => GuestMetrics, {
    nullable: true,
    description: 'Newest sample of the guest; null before the agent spoke',
  })
  async metrics(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<GuestMetrics | null> {
    const loader = graph.loader<GuestSample>('latest-sample', async (vmIds) => {
      const { samples } = await this.requests.call(getLatestSamples, { vmIds: [...vmIds] });
      return new Map(samples.map((sample) => [sample.vmId, sample]));
    });
    const sample = await loader.load(vm.id);
    return sample === null ? null : toGuestMetrics(sample);
  }

  @ResolveField(() => [GuestMetrics], {
    description: 'Stored samples, oldest first. The last hour when `from` is left out',
  })
  async metricsHistory(
    @Parent() vm: Vm,
    @Args('from', { type: () => GraphQLISODateTime, nullable: true }) from?: Date | null,
    @Args('to', { type: () => GraphQLISODateTime, nullable: true }) to?: Date | null,
    @Args('limit', { type: () => Int, defaultValue: 100, description: `1 to ${MOST_SAMPLES}` }) limit = 100,
  ): Promise<GuestMetrics[]> {
    if (limit < 1 || limit > MOST_SAMPLES)
      throw new DomainError('INVALID_INPUT', { field: 'limit', minimum: 1, maximum: MOST_SAMPLES });
    // What is no time at all becomes an invalid Date in the scalar, which does not refuse it.
    for (const [field, time] of Object.entries({ from, to }))
      if (Number.isNaN(time?.getTime())) throw new DomainError('INVALID_INPUT', { field, reason: 'not a time' });
    // Samples carry their host's clock, which may be ahead of ours.
    const end = to ?? new Date(Date.now() + CLOCK_TOLERANCE_SECONDS * 1_000);
    const begin = from ?? new Date((to?.getTime() ?? Date.now()) - HOUR_MS);
    const { samples } = await this.requests.call(getSampleHistory, {
      vmId: vm.id,
      from: begin.toISOString(),
      to: end.toISOString(),
      limit,
    });
    return samples.map(toGuestMetrics);
  }
}

const toGuestMetrics = ({ sampledAt, metrics }: GuestSample): GuestMetrics => ({
  sampledAt: new Date(sampledAt),
  ...metrics,
});
