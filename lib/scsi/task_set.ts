/**
 * The commands that a logical unit has in hand. Task attributes order those of one nexus: what an
 * initiator sends it can order, but nobody could tell the order of commands that came from several
 * of them, and one that withholds its data would hold up all others.
 */
import type { Nexus } from "./nexus.ts";
import type { Task } from "./task.ts";
import { TaskLane } from "./task_lane.ts";

/** Somebody who waits for tasks to leave. */
interface Wait {
  readonly tasks: Set<Task>;
  readonly over: () => void;
}

export class TaskSet {
  #count = 0;
  readonly #lanes = new Map<Nexus, TaskLane>();
  readonly #waits = new Set<Wait>();

  /** Tasks in the set, dormant ones among them. */
  get count(): number {
    return this.#count;
  }

  /** Adds the task. False: it is dormant, and `resume` is called when it may begin. */
  enter(task: Task, resume: (task: Task) => void): boolean {
    this.#count++;
    const lane = this.#lanes.get(task.nexus) ?? this.#open(task.nexus);
    return lane.enter(task, resume);
  }

  /** Removes the task, which has ended; those that stood behind it may begin. */
  leave(task: Task): void {
    this.#count--;
    this.#lanes.get(task.nexus)!.leave(task);
    if (this.#waits.size > 0) this.#gone(task);
  }

  /** The nexus is gone, and all its tasks have left. */
  forget(nexus: Nexus): void {
    if (this.#lanes.get(nexus)?.count === 0) this.#lanes.delete(nexus);
  }

  /** Aborts the tasks that `which` picks; resolves when all of them have left. */
  abort(which: (task: Task) => boolean): Promise<void> {
    const victims = [...this].filter(which);
    const left = this.#allOf(victims);
    for (const task of victims) task.aborted = true;
    for (const task of victims) task.onAbort?.(task);
    return left;
  }

  /** Resolves when all the tasks that `which` picks now have left in their own time. */
  left(which: (task: Task) => boolean): Promise<void> {
    return this.#allOf([...this].filter(which));
  }

  #allOf(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return Promise.resolve();
    return new Promise((over) => this.#waits.add({ tasks: new Set(tasks), over }));
  }

  /** Of each nexus from the first to begin to the last. */
  *[Symbol.iterator](): Generator<Task> {
    for (const lane of this.#lanes.values()) yield* lane;
  }

  #open(nexus: Nexus): TaskLane {
    const lane = new TaskLane();
    this.#lanes.set(nexus, lane);
    return lane;
  }

  #gone(task: Task): void {
    for (const wait of this.#waits) {
      wait.tasks.delete(task);
      if (wait.tasks.size > 0) continue;
      this.#waits.delete(wait);
      wait.over();
    }
  }
}
