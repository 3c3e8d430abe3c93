/**
 * The order in which the commands of one nexus may begin. SAM-5 8.8: HEAD OF QUEUE at once and
 * before all others, ORDERED after everything older, SIMPLE at any time unless one of those stands
 * before it. The lane is a list through the tasks themselves, so that entering and leaving cost
 * nothing but a few assignments.
 */
import { type Task, TaskAttribute } from "./task.ts";

export class TaskLane {
  /** Tasks in the lane, dormant ones among them. */
  count = 0;
  #oldest: Task | undefined;
  #newest: Task | undefined;
  /**
   * ORDERED and HEAD OF QUEUE tasks among them: while there are none, order is nobody's concern.
   */
  #barriers = 0;
  #dormant = 0;
  #resuming = false;

  /** Adds the task. False: it is dormant, and `resume` is called when it may begin. */
  enter(task: Task, resume: (task: Task) => void): boolean {
    this.count++;
    if (task.attribute === TaskAttribute.HEAD_OF_QUEUE) {
      this.#linkFirst(task);
      this.#barriers++;
      return true;
    }
    const first = this.#oldest === undefined;
    this.#linkLast(task);
    if (task.attribute === TaskAttribute.ORDERED) {
      this.#barriers++;
      if (first) return true;
    } else if (this.#barriers === 0) {
      return true;
    }
    task.resume = resume;
    this.#dormant++;
    return false;
  }

  /** Removes the task, which has ended; those that stood behind it may begin. */
  leave(task: Task): void {
    this.count--;
    this.#unlink(task);
    if (this.#barriers > 0 && isBarrier(task)) this.#barriers--;
    if (task.resume !== undefined) {
      task.resume = undefined;
      this.#dormant--;
    }
    if (this.#dormant > 0) this.#resume();
  }

  /** From the first to begin to the last. */
  *[Symbol.iterator](): Generator<Task> {
    for (let task = this.#oldest; task !== undefined;) {
      const next: Task | undefined = task.newer;
      yield task;
      task = next;
    }
  }

  /**
   * Begins what may begin now. A task may end within its `resume`; the loop, not the stack, then
   * goes on, however many stood in line.
   */
  #resume(): void {
    if (this.#resuming) return;
    this.#resuming = true;
    try {
      for (let task = this.#runnable(); task !== undefined; task = this.#runnable()) {
        const resume = task.resume!;
        task.resume = undefined;
        this.#dormant--;
        resume(task);
      }
    } finally {
      this.#resuming = false;
    }
  }

  /** The first dormant task with nothing before it that it must wait for. */
  #runnable(): Task | undefined {
    if (this.#dormant === 0) return undefined;
    for (let task = this.#oldest; task !== undefined; task = task.newer) {
      const dormant = task.resume !== undefined && !task.aborted;
      if (isBarrier(task)) return dormant && task === this.#oldest ? task : undefined;
      if (dormant) return task;
    }
    return undefined;
  }

  #linkFirst(task: Task): void {
    task.older = undefined;
    task.newer = this.#oldest;
    if (this.#oldest === undefined) this.#newest = task;
    else this.#oldest.older = task;
    this.#oldest = task;
  }

  #linkLast(task: Task): void {
    task.newer = undefined;
    task.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = task;
    else this.#newest.newer = task;
    this.#newest = task;
  }

  #unlink(task: Task): void {
    if (task.older === undefined) this.#oldest = task.newer;
    else task.older.newer = task.newer;
    if (task.newer === undefined) this.#newest = task.older;
    else task.newer.older = task.older;
    task.older = undefined;
    task.newer = undefined;
  }
}

function isBarrier(task: Task): boolean {
  return task.attribute === TaskAttribute.ORDERED ||
    task.attribute === TaskAttribute.HEAD_OF_QUEUE;
}
