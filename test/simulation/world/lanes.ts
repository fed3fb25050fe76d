export type Task = () => void | Promise<void>;

/** What could happen next: tasks in order within a lane (one direction of a connection, a disk, a node's thread), any order between lanes. */
export class Lanes {
  readonly #draw: () => number;
  readonly #lanes = new Map<string, Task[]>();
  /** Lanes that stand still until a step. */
  readonly #blocked = new Map<string, number>();
  waiting = 0;

  constructor(draw: () => number) {
    this.#draw = draw;
  }

  post(lane: string, task: Task): void {
    const tasks = this.#lanes.get(lane);
    if (tasks) tasks.push(task);
    else this.#lanes.set(lane, [task]);
    this.waiting++;
  }

  /** A slow disk, a slow line, a chain source that lags. */
  block(lane: string, untilStep: number): void {
    this.#blocked.set(lane, untilStep);
  }
  unblockAll(): void {
    this.#blocked.clear();
  }
  isEmpty(lane: string): boolean {
    return !this.#lanes.has(lane);
  }

  /** The oldest task of any lane that moves; of one that does not when there is no other. */
  next(step: number): Task | undefined {
    const all = [...this.#lanes.keys()];
    const moving = this.#blocked.size === 0 ? all : all.filter((lane) => (this.#blocked.get(lane) ?? 0) <= step);
    const from = moving.length > 0 ? moving : all;
    const lane = from[Math.floor(this.#draw() * from.length)];
    if (lane === undefined) return undefined;
    const tasks = this.#lanes.get(lane)!;
    if (tasks.length === 1) this.#lanes.delete(lane);
    this.waiting--;
    return tasks.shift();
  }
}
