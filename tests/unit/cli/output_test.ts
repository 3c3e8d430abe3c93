import assert from "node:assert/strict";
import { type Column, Output, sheet, table } from "../../../cli/output.ts";

function recorded(options: { json?: boolean; quiet?: boolean }) {
  const seen = { stdout: "", stderr: "" };
  const output = new Output({
    stdout: { write: (text) => void (seen.stdout += text) },
    stderr: { write: (text) => void (seen.stderr += text) },
    json: options.json ?? false,
    quiet: options.quiet ?? false,
  });
  return { output, seen };
}

interface Row {
  readonly name: string;
  readonly n: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { heading: "NAME", value: ({ name }) => name },
  { heading: "N", align: "right", value: ({ n }) => n },
];
const ROWS: Row[] = [{ name: "a", n: 1 }, { name: "bcdef", n: 200 }];

Deno.test("table: columns are as wide as their widest cell", () => {
  assert.equal(table(ROWS, COLUMNS), "NAME     N\na        1\nbcdef  200");
});

Deno.test("table: what a peer sent cannot move the cursor or start a line", () => {
  const text = table([{ name: "\x1b[2Jx\ny", n: 1 }], COLUMNS);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /\x1b/);
  assert.equal(text.split("\n").length, 2);
});

Deno.test("sheet: values line up, and what has none is left out", () => {
  assert.equal(
    sheet([["a", "1"], ["long", "2"], ["none", undefined], ["empty", ""]]),
    "a     1\nlong  2",
  );
});

Deno.test("Output.list: a table, JSON, or bare names", () => {
  const plain = recorded({});
  plain.output.list(ROWS, COLUMNS, "nothing");
  assert.match(plain.seen.stdout, /^NAME/);
  const json = recorded({ json: true });
  json.output.list(ROWS, COLUMNS, "nothing");
  assert.deepEqual(JSON.parse(json.seen.stdout), ROWS);
  const quiet = recorded({ quiet: true });
  quiet.output.list(ROWS, COLUMNS, "nothing");
  assert.equal(quiet.seen.stdout, "a\nbcdef\n");
});

Deno.test("Output.list: nothing to list is said on stderr, and is an empty array in JSON", () => {
  const plain = recorded({});
  plain.output.list([], COLUMNS, "nothing yet");
  assert.deepEqual(plain.seen, { stdout: "", stderr: "nothing yet\n" });
  const json = recorded({ json: true });
  json.output.list([], COLUMNS, "nothing yet");
  assert.deepEqual(json.seen, { stdout: "[]\n", stderr: "" });
});

Deno.test("Output.changed: notices go to stderr and never into JSON", () => {
  const { output, seen } = recorded({ json: true });
  output.changed({ facts: { name: "a" }, notices: ["mind this"] }, () => "unused");
  assert.deepEqual(JSON.parse(seen.stdout), { name: "a" });
  assert.equal(seen.stderr, "mind this\n");
});

Deno.test("Output.changed: quiet says nothing at all", () => {
  const { output, seen } = recorded({ quiet: true });
  output.changed({ facts: {}, notices: ["mind this"] }, () => "done");
  assert.deepEqual(seen, { stdout: "", stderr: "" });
});
