/** A row that was taken, as its log lines name it. Rows with one `hostId` share a host's places. */
export interface TakenRow {
  readonly hostId: string;
}

/** Where due rows are taken from. Due times are the database's. */
export interface DueSource<Row extends TakenRow> {
  /** A read: milliseconds until the next row is due, 0 or less when one is, null when none will be. */
  nextDueInMs(): Promise<number | null>;
  /** Takes due rows for this instance alone, `limit` at most, none of `busyHosts`. */
  claim(limit: number, busyHosts: readonly string[]): Promise<readonly Row[]>;
}

/** Rows of one kind that become due, and what is done with one: what a service declares. */
export interface DueRows<Row extends TakenRow> {
  /** Label of metrics and log lines: the plural of what is worked on. */
  readonly name: string;
  readonly source: DueSource<Row>;
  /** Does the work and records how it came out: by that the row is due again, or not. */
  work(row: Row): Promise<unknown>;
  /** Log line for work that fails, for operators. */
  readonly failure: string;
  /** Rows are often due again soon after they were worked on: they are looked for at once, not with the next look. */
  readonly isSoonDueAgain?: boolean;
}

/** Rows of any kind, for an engine that works on several kinds. */
export interface AnyDueRows {
  readonly name: string;
  readonly failure: string;
  readonly isSoonDueAgain: boolean;
  nextDueInMs(): Promise<number | null>;
  claim(limit: number, busyHosts: readonly string[]): Promise<TakenWork[]>;
}

export interface TakenWork {
  readonly row: TakenRow;
  readonly run: () => Promise<unknown>;
}

/** Hides the type of the rows: `work` only ever gets what its own `source` gave. */
export const dueRows = <Row extends TakenRow>(rows: DueRows<Row>): AnyDueRows => ({
  name: rows.name,
  failure: rows.failure,
  isSoonDueAgain: rows.isSoonDueAgain ?? false,
  nextDueInMs: () => rows.source.nextDueInMs(),
  claim: async (limit, busyHosts) =>
    (await rows.source.claim(limit, busyHosts)).map((row) => ({ row, run: () => rows.work(row) })),
});
