import assert from "node:assert/strict";
import { GroupCommit } from "../../../lib/block/group_commit.ts";

/** A costly operation whose every run ends when the test says so. */
class Runs {
  readonly ends: PromiseWithResolvers<void>[] = [];
  readonly commit = new GroupCommit(() => {
    const end = Promise.withResolvers<void>();
    this.ends.push(end);
    return end.promise;
  });
}

async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

Deno.test("GroupCommit: all who join in one turn share one run", async () => {
  const runs = new Runs();
  const joined = [runs.commit.join(), runs.commit.join(), runs.commit.join()];
  await turns();
  assert.equal(runs.ends.length, 1);
  runs.ends[0]!.resolve();
  await Promise.all(joined);
  assert.equal(runs.ends.length, 1);
});

Deno.test("GroupCommit: who joins during a run waits for the next, and shares it", async () => {
  const runs = new Runs();
  const settled: string[] = [];
  const first = runs.commit.join().then(() => settled.push("first"));
  await turns();
  const late = ["a", "b"].map((name) => runs.commit.join().then(() => settled.push(name)));
  await turns();
  assert.equal(runs.ends.length, 1, "no second run beside the first");
  runs.ends[0]!.resolve();
  await first;
  await turns();
  assert.deepEqual(settled, ["first"], "the first run does not serve who came during it");
  assert.equal(runs.ends.length, 2);
  runs.ends[1]!.resolve();
  await Promise.all(late);
  assert.deepEqual(settled, ["first", "a", "b"]);
  const again = runs.commit.join();
  await turns();
  assert.equal(runs.ends.length, 3, "it goes on after a quiet time");
  runs.ends[2]!.resolve();
  await again;
});

Deno.test("GroupCommit: a failed run fails its joiners, and the next begins afresh", async () => {
  const runs = new Runs();
  const both = [runs.commit.join(), runs.commit.join()];
  await turns();
  const next = runs.commit.join();
  runs.ends[0]!.reject(new Error("lost"));
  for (const joined of both) await assert.rejects(joined, /lost/);
  await turns();
  runs.ends[1]!.resolve();
  await next;
});
