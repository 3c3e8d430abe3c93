import assert from "node:assert/strict";
import {
  circularProblems,
  directionProblems,
  graphOf,
  importsOf,
  MAY_IMPORT,
  MAY_LOAD,
  missingProblems,
  startUpProblems,
} from "../../../scripts/check_imports.ts";

function graph(files: Record<string, string>) {
  return graphOf(new Map(Object.entries(files)));
}

Deno.test("importsOf: finds static, type, side-effect, re-exporting and lazy imports", () => {
  const source = [
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import {\n  c,\n  d,\n} from "./c.ts";',
    'export * from "./d.ts";',
    'import "./e.ts";',
    'const f = await import("./f.ts");',
  ].join("\n");
  assert.deepEqual(importsOf(source), [
    { specifier: "./a.ts", typeOnly: false, lazy: false },
    { specifier: "./b.ts", typeOnly: true, lazy: false },
    { specifier: "./c.ts", typeOnly: false, lazy: false },
    { specifier: "./d.ts", typeOnly: false, lazy: false },
    { specifier: "./e.ts", typeOnly: false, lazy: false },
    { specifier: "./f.ts", typeOnly: false, lazy: true },
  ]);
});

Deno.test("importsOf: exported declarations with strings are no imports", () => {
  assert.deepEqual(importsOf('export const greeting = "hello";\nexport function f() {}\n'), []);
});

Deno.test("directionProblems: an import along the table passes", () => {
  const files = {
    "lib/target/a.ts": 'import { b } from "../scsi/b.ts";',
    "lib/scsi/b.ts": 'import { c } from "../wire/c.ts";',
    "lib/wire/c.ts": "",
  };
  assert.deepEqual(directionProblems(graph(files)), []);
});

Deno.test("directionProblems: an import against the table fails, also of a type alone", () => {
  const files = {
    "lib/scsi/b.ts": 'import type { A } from "../target/a.ts";',
    "lib/target/a.ts": "",
  };
  assert.deepEqual(directionProblems(graph(files)), [
    "lib/scsi/b.ts imports lib/target/a.ts: scsi may import only wire, runtime, block",
  ]);
});

Deno.test("MAY_IMPORT: lib/README.md shows the same table", () => {
  const shown: Record<string, string[]> = {};
  for (const line of Deno.readTextFileSync("lib/README.md").split("\n")) {
    const [, folder, list] = /^\| `([\w.]+)\/?` +\| .* \| +([^|]*?) *\|$/.exec(line) ?? [];
    if (folder === undefined) continue;
    const above = Object.keys(shown);
    shown[folder] = list === "all of the above" ? above : list!.split(", ").filter(Boolean);
  }
  const sorted = (table: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(table).map(([folder, list]) => [folder, [...list].sort()]);
  assert.deepEqual(sorted(shown), sorted(MAY_IMPORT));
});

Deno.test("directionProblems: lib never imports cli", () => {
  const files = { "lib/config/a.ts": 'import { b } from "../../cli/b.ts";', "cli/b.ts": "" };
  assert.deepEqual(directionProblems(graph(files)), [
    "lib/config/a.ts imports cli/b.ts: lib/ imports nothing outside lib/",
  ]);
});

Deno.test("directionProblems: a part without a row is named", () => {
  assert.match(directionProblems(graph({ "lib/novel/a.ts": "" }))[0]!, /lib\/novel has no row/);
});

Deno.test("directionProblems: config may reach the service's client from connect.ts alone", () => {
  const client = { "lib/status/client.ts": "" };
  const line = 'import { client } from "../status/client.ts";';
  assert.deepEqual(directionProblems(graph({ ...client, "lib/config/connect.ts": line })), []);
  assert.equal(directionProblems(graph({ ...client, "lib/config/load.ts": line })).length, 1);
});

Deno.test("circularProblems: a circle is printed as the path that makes it", () => {
  const files = {
    "lib/wire/a.ts": 'import { b } from "./b.ts";',
    "lib/wire/b.ts": 'export * from "./c.ts";',
    "lib/wire/c.ts": 'const a = import("./a.ts");',
  };
  assert.deepEqual(circularProblems(graph(files)), [
    "circular import: lib/wire/a.ts → lib/wire/b.ts → lib/wire/c.ts → lib/wire/a.ts",
  ]);
});

Deno.test("circularProblems: two files that know each other's types alone make no circle", () => {
  const files = {
    "lib/target/a.ts": 'import type { B } from "./b.ts";',
    "lib/target/b.ts": 'import { A } from "./a.ts";',
  };
  assert.deepEqual(circularProblems(graph(files)), []);
});

Deno.test("circularProblems: two ways to one file are no circle", () => {
  const files = {
    "lib/wire/a.ts": 'import "./b.ts";\nimport "./c.ts";',
    "lib/wire/b.ts": 'import "./d.ts";',
    "lib/wire/c.ts": 'import "./d.ts";',
    "lib/wire/d.ts": "",
  };
  assert.deepEqual(circularProblems(graph(files)), []);
});

Deno.test("missingProblems: an import of a file that is not there is named", () => {
  const files = { "lib/wire/a.ts": 'import { b } from "./b.ts";' };
  assert.deepEqual(missingProblems(graph(files)), [
    "lib/wire/a.ts imports lib/wire/b.ts: no such file",
  ]);
});

Deno.test("startUpProblems: a heavy module is allowed behind import() only", () => {
  const main = 'import "@stricli/core";\nimport "./b.ts";\n';
  const files = { "cli/main.ts": main, "cli/b.ts": 'const fs = await import("node:fs");' };
  assert.deepEqual(startUpProblems(graph(files)), []);
  const heavy = { "cli/main.ts": main, "cli/b.ts": 'import { readFileSync } from "node:fs";' };
  assert.deepEqual(startUpProblems(graph(heavy)), [
    "cli/b.ts imports node:fs at start-up: load it where it is needed, by import()",
  ]);
});

Deno.test("startUpProblems: commands load nothing from outside, but for the one that serves", () => {
  const files = {
    "cli/commands/disk_list.ts": 'import "../../lib/block/file.ts";',
    "cli/commands/target_serve.ts": 'import "../../lib/block/file.ts";',
    "lib/block/file.ts": 'import fs from "node:fs";',
  };
  const problem =
    "lib/block/file.ts imports node:fs at start-up: load it where it is needed, by import()";
  assert.deepEqual(startUpProblems(graph(files)), [problem]);
  const { "cli/commands/disk_list.ts": _, ...served } = files;
  assert.deepEqual(startUpProblems(graph(served)), []);
});

Deno.test("startUpProblems: the declared state is read with zod and yaml, and without node:fs", () => {
  const reads = 'import { z } from "zod";\nimport { parse } from "yaml";\n';
  assert.deepEqual(startUpProblems(graph({ "lib/config/offline_control.ts": reads })), []);
  const files = { "lib/config/offline_control.ts": `${reads}import fs from "node:fs";` };
  assert.equal(startUpProblems(graph(files)).length, 1);
});

Deno.test("MAY_LOAD: names files that there are, so that none of its rows is without effect", () => {
  for (const path of Object.keys(MAY_LOAD)) assert.ok(Deno.statSync(path).isFile, path);
});
