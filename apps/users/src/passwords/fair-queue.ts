type Task = () => Promise<void>;

/** Waiting tasks under one name, or under further names. Names take turns. */
interface Lane {
  readonly tasks: Task[];
  readonly lanes: Map<string, Lane>;
}

const newLane = (): Lane => ({ tasks: [], lanes: new Map() });

/** Takes the next task; the name that it came from goes to the end. */
const take = (lane: Lane): Task | undefined => {
  const [first] = lane.lanes;
  if (first === undefined) return lane.tasks.shift();
  const [name, inner] = first;
  const task = take(inner);
  lane.lanes.delete(name);
  if (inner.tasks.length > 0 || inner.lanes.size > 0) lane.lanes.set(name, inner);
  return task;
};

/**
 * Runs a bounded number of tasks at once. Those that wait take turns by their path: first its first names, among equal
 * first names the second ones, and so on, so that a thousand tasks of one name hold up another name by one turn.
 */
export class FairQueue {
  private readonly root = newLane();
  private running = 0;
  private waiting = 0;

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  get depth(): number {
    return this.waiting;
  }

  /** @returns undefined when too many wait already; the task was not begun then */
  run<T>(path: readonly string[], task: () => Promise<T>): Promise<T> | undefined {
    if (this.waiting >= this.maxWaiting) return undefined;
    return new Promise<T>((resolve, reject) => {
      this.laneOf(path).tasks.push(() => task().then(resolve, reject));
      this.waiting += 1;
      this.next();
    });
  }

  private laneOf(path: readonly string[]): Lane {
    return path.reduce((lane, name) => {
      const inner = lane.lanes.get(name) ?? newLane();
      lane.lanes.set(name, inner);
      return inner;
    }, this.root);
  }

  private next(): void {
    if (this.running >= this.atOnce) return;
    const task = take(this.root);
    if (task === undefined) return;
    this.waiting -= 1;
    this.running += 1;
    void task().finally(() => {
      this.running -= 1;
      this.next();
    });
  }
}
