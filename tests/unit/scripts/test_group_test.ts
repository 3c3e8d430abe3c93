import assert from "node:assert/strict";
import { type GroupResult, runGroup } from "../../../scripts/test_group.ts";
import { withScratch } from "../../support/executable.ts";

/** Runs one file of tests as a group, ended after `deadlineMs`. */
async function run(source: string, deadlineMs = 60_000): Promise<GroupResult> {
  const folder = await Deno.makeTempDir({ prefix: "sanctl-test-" });
  try {
    await Deno.writeTextFile(`${folder}/sample_test.ts`, source);
    const group = { name: "unit", folder, parallel: true, timeoutMs: 60_000 } as const;
    return await runGroup(group, deadlineMs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runGroup: counts what passed, failed and was skipped, and shows the failure", async () => {
  const result = await run(`
    Deno.test("good", () => {});
    Deno.test("bad", () => { throw new Error("because of this"); });
    Deno.test({ name: "left out", ignore: true, fn() {} });
  `);
  assert.deepEqual(result.counts, { passed: 1, failed: 1, skipped: 1 });
  assert.match(result.failures, /because of this/);
});

Deno.test("runGroup: a file that cannot be loaded fails the group", async () => {
  const result = await run(`throw new Error("no such luck");`);
  assert.equal(result.counts.failed, 1);
  assert.match(result.failures, /no such luck/);
});

Deno.test("runGroup: a test that hangs fails, and is named", async () => {
  const result = await run(
    `Deno.test("good", () => {});
     Deno.test("stays for ever", () => new Promise((done) => setTimeout(done, 1e6)));`,
    1_500,
  );
  assert.deepEqual(result.counts, { passed: 1, failed: 1, skipped: 0 });
  assert.match(result.failures, /ended after 1.5 s/);
  assert.match(result.failures, /stays for ever/);
});

Deno.test("runGroup: a test that is ended leaves nothing behind", async () => {
  await withScratch(async (folder) => {
    const result = await run(
      `Deno.test("stays for ever", () => {
         Deno.writeTextFileSync("${folder}/made", Deno.makeTempDirSync());
         return new Promise((done) => setTimeout(done, 1e6));
       });`,
      1_500,
    );
    assert.equal(result.counts.failed, 1);
    const made = await Deno.readTextFile(`${folder}/made`);
    await assert.rejects(Deno.stat(made), Deno.errors.NotFound);
  });
});
