import {
  getLatestSamples,
  getSampleHistory,
  getSamplePage,
  vmDeleted,
  type EventDataOf,
  type EventEnvelope,
  type ReplyInputOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Controller } from '@nestjs/common';
import { HandlesEvent, HandlesRequest } from '@infinibay/platform-messaging';
import { allThatFit, firstThatFit } from './reply-size.js';
import { SampleRepository } from './sample.repository.js';

/** The message edge of samples. */
@Controller()
export class SampleController {
  constructor(private readonly samples: SampleRepository) {}

  @Authorize()
  @HandlesRequest(getLatestSamples)
  async getLatest({ vmIds }: RequestOf<typeof getLatestSamples>): Promise<ReplyInputOf<typeof getLatestSamples>> {
    return { samples: allThatFit(await this.samples.findLatest(vmIds)) };
  }

  @Authorize()
  @HandlesRequest(getSampleHistory)
  async getHistory(query: RequestOf<typeof getSampleHistory>): Promise<ReplyInputOf<typeof getSampleHistory>> {
    return { samples: firstThatFit(await this.samples.findHistory(query)) };
  }

  @Authorize()
  @HandlesRequest(getSamplePage)
  async getPage(query: RequestOf<typeof getSamplePage>): Promise<ReplyInputOf<typeof getSamplePage>> {
    const { samples, more } = await this.samples.findNewest(query);
    const shown = firstThatFit(samples);
    return { samples: shown, more: more || shown.length < samples.length };
  }

  @Authorize()
  @HandlesEvent(vmDeleted, 'forget-vm')
  async forgetVm(event: EventEnvelope<EventDataOf<typeof vmDeleted>>): Promise<void> {
    await this.samples.forgetVm(event.data.vmId, event.id);
  }
}
