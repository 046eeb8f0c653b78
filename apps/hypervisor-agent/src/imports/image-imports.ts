import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { JoinedWorks } from '../work/joined-work.js';

/** Each takes as much of the network and the storage as it gets; guests need both too. */
const AT_ONCE = 2;
/** Whoever wants an image asks for it each few seconds, and again when it comes back: it goes on where it stood. */
const UNASKED_MS = 1_800_000;

interface Import {
  readonly stop: AbortController;
  /** Ends it when nobody asks after it any more. */
  readonly unasked: NodeJS.Timeout;
  /** Resolves when it has ended, however that was. */
  ended: Promise<unknown>;
  percent: number;
}

/** Images that are being imported, by their ids. */
@Injectable()
export class ImageImports extends JoinedWorks implements OnApplicationShutdown {
  private readonly imports = new Map<string, Import>();

  constructor() {
    super(AT_ONCE);
  }

  begin<T>(imageId: string, work: (stop: AbortSignal, tell: (percent: number) => void) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const unasked = setTimeout(() => {
      stop.abort();
    }, UNASKED_MS);
    const one: Import = { stop, unasked, ended: Promise.resolve(), percent: 0 };
    this.imports.set(imageId, one);
    const done = work(stop.signal, (percent) => (one.percent = percent)).finally(() => {
      clearTimeout(unasked);
      if (this.imports.get(imageId) === one) this.imports.delete(imageId);
    });
    one.ended = done.catch(() => undefined);
    return done;
  }

  isGoingOn(imageId: string): boolean {
    return this.imports.has(imageId);
  }

  /** Somebody wants to know how much of it has come; 0 when nothing is fetched. */
  askedAfter(imageId: string): number {
    const one = this.imports.get(imageId);
    one?.unasked.refresh();
    return one?.percent ?? 0;
  }

  /** Nothing of it is written any more then. */
  async cancel(imageId: string): Promise<void> {
    const one = this.imports.get(imageId);
    one?.stop.abort();
    await one?.ended;
    this.forget(imageId);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.imports.keys()].map((imageId) => this.cancel(imageId)));
  }
}
