import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control_error.ts";
import type { ApplyOptions, PlanFacts, PlanStepFacts } from "../../../lib/config/control.ts";
import { withScratch } from "../../support/executable.ts";
import { ran } from "./fake_surroundings.ts";

const NOTHING = { changes: [], file: null, sessions: [], loss: null };
const ADD: PlanStepFacts = {
  ...NOTHING,
  action: "add",
  object: "disk",
  name: "d",
  changes: [
    { field: "name", from: null, to: "d" },
    { field: "path", from: null, to: "/d/d.vhd" },
    { field: "size", from: null, to: "20G" },
    { field: "removable", from: null, to: false },
    { field: "description", from: null, to: "" },
  ],
  file: { path: "/d/d.vhd", action: "created" },
};
const CHANGE: PlanStepFacts = {
  ...NOTHING,
  action: "change",
  object: "target",
  name: "mail",
  changes: [
    { field: "description", from: "", to: "post\u001b[2J" },
    { field: "allow", from: ["a", "b"], to: ["b", "c"] },
    {
      field: "luns",
      from: [{ disk: "x", lun: 0, readOnly: false }],
      to: [{ disk: "x", lun: 0, readOnly: true }, { disk: "y", lun: 1, readOnly: false }],
    },
    { field: "chap", from: null, to: { user: "ada", secret: "(new)", longSecret: false } },
  ],
};
const REMOVE: PlanStepFacts = { ...NOTHING, action: "remove", object: "target", name: "old" };
const END: PlanStepFacts = {
  ...REMOVE,
  sessions: ["ends", "loses-disks", "ends"].map((effect, at) => ({
    effect: effect as "ends",
    id: String(at),
    initiator: `iqn.2026-01.com.example:${at}`,
    from: ["192.0.2.7:40000"],
  })),
};
const LOSE: PlanStepFacts = {
  ...REMOVE,
  object: "disk",
  name: "m",
  loss: "it is in memory: its 1M of data are lost",
};
const SET: PlanStepFacts = {
  ...NOTHING,
  action: "change",
  object: "server",
  name: "iqnBase",
  changes: [{ field: "iqnBase", from: "iqn.a", to: "iqn.b" }],
};

/** `sanctl apply -f FILE` and `words`, where the plan has these steps. */
async function apply(steps: readonly PlanStepFacts[], words = "", options = {}) {
  return await withScratch(async (folder) => {
    const file = `${folder}/server.yaml`;
    await Deno.writeTextFile(file, "disks: []");
    const control = {
      apply: (_document: unknown, { dryRun }: ApplyOptions = {}) => {
        const facts: PlanFacts = { applied: !dryRun, digest: "abc", steps };
        return Promise.resolve({ facts, notices: dryRun ? [] : ["mind this"] });
      },
    };
    const argv = ["apply", "-f", file, ...words.split(" ").filter((word) => word !== "")];
    const { calls, ...rest } = await ran(argv, { control, ...options });
    return { ...rest, calls: calls.map((call) => call.replaceAll(file, "FILE")) };
  });
}

Deno.test("apply: the plan is printed, then what was agreed to is done", async () => {
  const { exitCode, stdout, stderr, calls } = await apply([SET, CHANGE, ADD]);
  assert.equal(exitCode, 0);
  assert.equal(stdout, "1 added, 2 changed\n");
  assert.equal(
    stderr,
    `set iqnBase
  iqnBase: iqn.a → iqn.b
change target mail
  description: "" → post\\u{1b}[2J
  allow: - a, + c
  luns: - LUN 0 x, + LUN 0 x read-only, + LUN 1 y
  chap: none → user ada, secret (new)
add disk d
  creates /d/d.vhd
  size: 20G

mind this
`,
  );
  assert.deepEqual(calls, [
    'apply({"disks":[]}, {"dryRun":true})',
    'apply({"disks":[]}, {"agreed":"abc"})',
    "close()",
  ]);
});

Deno.test("apply: where nothing is to be done, it says so and asks for nothing", async () => {
  const { exitCode, stdout, stderr } = await apply([], "--prune");
  assert.deepEqual([exitCode, stdout, stderr], [
    0,
    "nothing to change: the server is as the document says\n",
    "mind this\n",
  ]);
});

Deno.test("apply: --dry-run prints the plan as its result and does nothing", async () => {
  const { stdout, stderr, calls } = await apply([END, ADD], "--dry-run --prune");
  assert.equal(
    stdout,
    `remove target old
  ends the session of iqn.2026-01.com.example:0 from 192.0.2.7:40000
  takes disks from the session of iqn.2026-01.com.example:1 from 192.0.2.7:40000
  ends the session of iqn.2026-01.com.example:2 from 192.0.2.7:40000
add disk d
  creates /d/d.vhd
  size: 20G

1 to add, 1 to remove; 2 sessions end; 1 session loses disks
`,
  );
  assert.equal(stderr, "");
  assert.equal(calls.length, 2);
});

Deno.test("apply: --json prints the plan, done or not", async () => {
  for (const [words, applied] of [["--json", true], ["--json --dry-run", false]] as const) {
    const { stdout } = await apply([ADD], words);
    assert.deepEqual(JSON.parse(stdout), { applied, digest: "abc", steps: [ADD] });
  }
});

Deno.test("apply: what is lost is asked about; --yes answers, and --force is another matter", async () => {
  const asked = await apply([REMOVE, LOSE], "", { terminal: true, typed: "n" });
  assert.equal(asked.exitCode, 1);
  assert.match(asked.stderr, /target old, disk m removed; the data of m lost\nGo on\? \[y\/N\]/);
  assert.equal(asked.calls.length, 2);
  assert.equal((await apply([REMOVE], "", { terminal: true, typed: "y" })).exitCode, 0);
  assert.equal((await apply([REMOVE])).exitCode, 2);
  assert.equal((await apply([REMOVE], "--yes")).exitCode, 0);
  const forced = await apply([END], "--force", { terminal: true, typed: "n" });
  assert.match(forced.stderr, /target old removed; 2 sessions end; 1 session loses disks\nGo on/);
  // Without it the service refuses, and no question is worth asking.
  const refused = await apply([END], "--yes");
  assert.match(refused.calls[1]!, /"agreed":"abc"/);
  assert.doesNotMatch((await apply([END], "", { terminal: true })).stderr, /Go on/);
});

Deno.test("apply: a file that cannot be read is told with what to do", async () => {
  await withScratch(async (folder) => {
    const latin = `${folder}/latin.yaml`, large = `${folder}/large.yaml`;
    await Deno.writeFile(latin, Uint8Array.of(0x61, 0xe4));
    await Deno.writeFile(large, new Uint8Array((4 << 20) + 1));
    const table: readonly (readonly [file: string, exitCode: number, said: RegExp])[] = [
      [`${folder}/none.yaml`, 4, /there is no file .*none\.yaml\n {2}see whether its path/],
      [folder, 2, /is a directory\n {2}name a file in it/],
      [latin, 2, /is not UTF-8\n {2}save it as UTF-8/],
      [large, 2, /has more than 4194304 octets/],
    ];
    for (const [file, exitCode, said] of table) {
      const result = await ran(["apply", "-f", file]);
      assert.equal(result.exitCode, exitCode, file);
      assert.match(result.stderr, said);
    }
    assert.match((await ran(["apply"])).stderr, /--file needs a value/);
  });
});

Deno.test("apply: what is wrong in the document is told with its line", async () => {
  await withScratch(async (folder) => {
    const file = `${folder}/server.yaml`;
    await Deno.writeTextFile(file, "disks:\n  - name: d\n    size: 20\n");
    const error = new ControlError("usage", "disks[0].size: it needs a unit", "write 20G", {
      place: ["disks", 0, "size"],
    });
    const control = { apply: () => Promise.reject(error) };
    const { exitCode, stderr } = await ran(["apply", "-f", file], { control });
    assert.equal(exitCode, 2);
    assert.equal(stderr, `sanctl: ${file}:3: disks[0].size: it needs a unit\n  write 20G\n`);
  });
});
