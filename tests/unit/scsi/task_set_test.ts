import assert from "node:assert/strict";
import fc from "fast-check";
import { Task, TaskAttribute } from "../../../lib/scsi/task.ts";
import type { Nexus } from "../../../lib/scsi/nexus.ts";
import { TaskSet } from "../../../lib/scsi/task_set.ts";
import { NEXUS, OTHER_NEXUS } from "../../support/scsi.ts";

const { UNTAGGED, SIMPLE, ORDERED, HEAD_OF_QUEUE } = TaskAttribute;

function taskWith(attribute: number, nexus: Nexus = NEXUS): Task {
  const task = new Task();
  task.attribute = attribute;
  task.nexus = nexus;
  return task;
}

/** A set whose tasks, once they may begin, are listed in `running`. */
class Bench {
  readonly set = new TaskSet();
  readonly running = new Set<Task>();
  readonly begun: Task[] = [];
  readonly #begin = (task: Task) => {
    this.running.add(task);
    this.begun.push(task);
  };

  enter(attribute: number, nexus = NEXUS): Task {
    const task = taskWith(attribute, nexus);
    if (this.set.enter(task, this.#begin)) this.#begin(task);
    return task;
  }

  end(task: Task): void {
    this.running.delete(task);
    this.set.leave(task);
  }
}

Deno.test("TaskSet: SIMPLE and untagged tasks begin at once beside each other", () => {
  const bench = new Bench();
  for (const attribute of [SIMPLE, UNTAGGED, SIMPLE]) bench.enter(attribute);
  assert.equal(bench.running.size, 3);
  assert.equal(bench.set.count, 3);
});

Deno.test("TaskSet: an ORDERED task waits for all that came before it", () => {
  const bench = new Bench();
  const first = bench.enter(SIMPLE);
  const second = bench.enter(SIMPLE);
  const ordered = bench.enter(ORDERED);
  bench.end(second);
  assert(!bench.running.has(ordered));
  bench.end(first);
  assert(bench.running.has(ordered));
});

Deno.test("TaskSet: a SIMPLE task waits for an ORDERED one that came before it", () => {
  const bench = new Bench();
  const ordered = bench.enter(ORDERED);
  const simple = bench.enter(SIMPLE);
  assert.deepEqual([...bench.running], [ordered]);
  bench.end(ordered);
  assert.deepEqual([...bench.running], [simple]);
});

Deno.test("TaskSet: ORDERED tasks begin one after the other", () => {
  const bench = new Bench();
  const tasks = [bench.enter(ORDERED), bench.enter(ORDERED), bench.enter(ORDERED)];
  for (const task of tasks) {
    assert.deepEqual([...bench.running], [task]);
    bench.end(task);
  }
  assert.equal(bench.set.count, 0);
});

Deno.test("TaskSet: a HEAD OF QUEUE task begins at once, and dormant ones wait for it", () => {
  const bench = new Bench();
  const ordered = bench.enter(ORDERED);
  const dormant = bench.enter(ORDERED);
  const head = bench.enter(HEAD_OF_QUEUE);
  assert(bench.running.has(head));
  bench.end(ordered);
  assert(!bench.running.has(dormant));
  bench.end(head);
  assert(bench.running.has(dormant));
});

Deno.test("TaskSet: an ORDERED task that waits holds up no other nexus", () => {
  const bench = new Bench();
  const stuck = bench.enter(SIMPLE);
  const ordered = bench.enter(ORDERED);
  const others = [SIMPLE, ORDERED, HEAD_OF_QUEUE].map((each) => bench.enter(each, OTHER_NEXUS));
  assert.deepEqual([...bench.running], [stuck, others[0], others[2]]);
  bench.end(others[2]!);
  bench.end(others[0]!);
  assert(bench.running.has(others[1]!), "its own order holds");
  assert(!bench.running.has(ordered));
  bench.end(stuck);
  assert(bench.running.has(ordered));
  assert.equal(bench.set.count, 2);
});

Deno.test("TaskSet: thousands of dormant tasks that end as they begin do not exhaust the stack", () => {
  const set = new TaskSet();
  const ordered = taskWith(ORDERED);
  set.enter(ordered, () => {});
  let ended = 0;
  for (let i = 0; i < 20_000; i++) {
    set.enter(taskWith(SIMPLE), (task) => {
      ended++;
      set.leave(task);
    });
  }
  set.leave(ordered);
  assert.equal(ended, 20_000);
  assert.equal(set.count, 0);
});

Deno.test("A90: TaskSet: an abort is over when every task that it touches has left", async () => {
  const bench = new Bench();
  const [first, second, spared] = [bench.enter(SIMPLE), bench.enter(SIMPLE), bench.enter(SIMPLE)];
  const told: Task[] = [];
  for (const task of [first, second, spared]) task.onAbort = (each) => told.push(each);
  let over = false;
  const aborted = bench.set.abort((task) => task !== spared).then(() => over = true);
  assert.deepEqual(told, [first, second]);
  assert.deepEqual([first.aborted, second.aborted, spared.aborted], [true, true, false]);
  bench.end(first);
  await Promise.resolve();
  assert.equal(over, false);
  bench.end(second);
  await aborted;
  assert.equal(over, true);
  assert.equal(bench.set.count, 1);
});

Deno.test("TaskSet: an aborted dormant task never begins, and does not hold up others", async () => {
  const bench = new Bench();
  const first = bench.enter(SIMPLE);
  const ordered = bench.enter(ORDERED);
  const behind = bench.enter(SIMPLE);
  ordered.onAbort = (task) => bench.set.leave(task);
  await bench.set.abort((task) => task === ordered);
  assert(!bench.begun.includes(ordered));
  assert(bench.running.has(behind));
  bench.end(first);
  assert(!bench.begun.includes(ordered));
});

Deno.test("TaskSet: tasks aborted together do not begin one another", async () => {
  const bench = new Bench();
  bench.enter(ORDERED);
  bench.enter(ORDERED);
  bench.enter(SIMPLE);
  for (const task of bench.set) task.onAbort = (each) => bench.set.leave(each);
  await bench.set.abort(() => true);
  assert.equal(bench.begun.length, 1);
  assert.equal(bench.set.count, 0);
});

Deno.test("TaskSet: an abort of nothing is over at once", async () => {
  const bench = new Bench();
  bench.enter(SIMPLE);
  await bench.set.abort(() => false);
  assert.equal(bench.set.count, 1);
});

Deno.test("TaskSet: `left` waits for tasks to end in their own time", async () => {
  const bench = new Bench();
  const task = bench.enter(SIMPLE);
  let over = false;
  const left = bench.set.left(() => true).then(() => over = true);
  bench.enter(SIMPLE);
  await Promise.resolve();
  assert.equal(over, false);
  assert.equal(task.aborted, false);
  bench.end(task);
  await left;
});

Deno.test("TaskSet: whatever comes and goes, the order of SAM-5 8.8 holds and everything begins", () => {
  const attributes = fc.constantFrom(SIMPLE, ORDERED, HEAD_OF_QUEUE);
  const actions = fc.array(fc.oneof(attributes, fc.constant("end" as const)), { maxLength: 60 });
  fc.assert(fc.property(actions, fc.infiniteStream(fc.nat()), (script, choices) => {
    const bench = new Bench();
    const all: Task[] = [];
    const ended = new Set<Task>();
    const endOne = () => {
      const running = [...bench.running];
      const task = running[choices.next().value % running.length];
      if (task === undefined) return;
      ended.add(task);
      bench.end(task);
    };
    for (const action of script) {
      const begunBefore = bench.begun.length;
      if (action === "end") endOne();
      else all.push(bench.enter(action));
      for (const task of bench.begun.slice(begunBefore)) {
        const older = all.slice(0, all.indexOf(task)).filter((each) => !ended.has(each));
        if (task.attribute === ORDERED) assert.equal(older.length, 0);
        if (task.attribute === SIMPLE) assert(!older.some((each) => each.attribute === ORDERED));
      }
      const running = [...bench.set].filter((task) => bench.running.has(task));
      if (bench.set.count > 0) assert(running.length > 0, "something always runs");
    }
    while (bench.running.size > 0) endOne();
    assert.equal(bench.set.count, 0);
    assert.equal(bench.begun.length, all.length);
  }));
});
