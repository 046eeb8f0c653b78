import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { FrameRefusal } from '../frames/frame-decoder.js';
import type { LineRefusal } from '../frames/line-reader.js';

export type DroppedFrame = FrameRefusal | LineRefusal;
export type DroppedSample = 'too_frequent' | 'unknown_vm' | 'queue_full' | 'unstorable' | 'nats_down';

/** Everything that this service counts. Labels have few values, whatever guests send. */
@Injectable()
export class CollectorMetrics {
  readonly frames;
  readonly framesDropped;
  readonly skippedBytes;
  readonly pauses;
  readonly lineMemory;
  readonly sockets;
  readonly guests;
  readonly samplesStored;
  readonly samplesDropped;
  readonly samplesWaiting;
  readonly writes;

  constructor(metrics: MetricsRegistry) {
    this.frames = metrics.counter<'type'>('infinibay_guest_frames_total', 'Frames of guests that were understood', [
      'type',
    ]);
    this.framesDropped = metrics.counter<'reason'>(
      'infinibay_guest_frames_dropped_total',
      'Lines of guests that were refused',
      ['reason'],
    );
    this.skippedBytes = metrics.counter('infinibay_guest_skipped_bytes_total', 'Bytes of lines that were too long');
    this.pauses = metrics.counter<'budget'>(
      'infinibay_guest_reading_paused_total',
      'Times that reading of a guest paused, by the budget used up',
      ['budget'],
    );
    this.lineMemory = metrics.gauge('infinibay_guest_line_bytes', 'Bytes of long lines that guests have begun');
    this.sockets = metrics.gauge('infinibay_guest_sockets', 'Agent sockets that are connected');
    this.guests = metrics.gauge('infinibay_guests_connected', 'Guests whose agent was heard on the present connection');
    this.samplesStored = metrics.counter('infinibay_samples_stored_total', 'Samples written to PostgreSQL');
    this.samplesDropped = metrics.counter<'reason'>(
      'infinibay_samples_dropped_total',
      'Samples that were not stored or not sent live',
      ['reason'],
    );
    this.samplesWaiting = metrics.gauge('infinibay_samples_waiting', 'Samples that wait to be written');
    this.writes = metrics.histogram<'outcome'>('infinibay_samples_write_seconds', 'Writes of batches of samples', [
      'outcome',
    ]);
  }

  frameDropped(reason: DroppedFrame): void {
    this.framesDropped.inc({ reason });
  }

  sampleDropped(reason: DroppedSample, count = 1): void {
    this.samplesDropped.inc({ reason }, count);
  }
}
