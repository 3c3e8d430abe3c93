import assert from "node:assert/strict";
import fc from "fast-check";
import { formatYaml, MOST_YAML_OCTETS, parseYaml, YamlError } from "../../../lib/config/yaml.ts";

Deno.test("B-41: strings that look like something else come back as strings", () => {
  const canaries = [
    "NO",
    "no",
    "yes",
    "on",
    "012",
    "0x1f",
    "1e3",
    "1_000",
    "~",
    "null",
    "true",
    ".inf",
  ];
  for (
    const text of [
      ...canaries,
      "2026-11-01",
      "12:30",
      "<<",
      "=",
      "- a",
      "a: b",
      "#x",
      "",
      " ",
      "...",
    ]
  ) {
    assert.deepEqual(parseYaml(formatYaml({ [`k${text}`]: text })), { [`k${text}`]: text });
  }
});

Deno.test("B-41: any plain data comes back equal", () => {
  const data = fc.jsonValue({ maxDepth: 3 }).filter((value) => !Object.is(value, -0));
  fc.assert(
    fc.property(data, (value) => {
      const wrapped = { value: JSON.parse(JSON.stringify(value)) };
      // -0 has no text of its own.
      assert.deepEqual(JSON.stringify(parseYaml(formatYaml(wrapped))), JSON.stringify(wrapped));
    }),
    { numRuns: 200 },
  );
});

Deno.test("B-41: tags, duplicate keys, exploding aliases, second documents are refused", () => {
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [one, other] of ["ab", "bc", "cd", "de", "ef", "fg"]) {
    laughs.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(", ")}]`);
  }
  const refused: Record<string, string> = {
    "a local tag": "a: !secret x",
    "a global tag": "a: !<tag:example.com,2026:x> y",
    "a binary": "a: !!binary aGk=",
    "a set": "a: !!set {x, y}",
    "a timestamp": "a: !!timestamp 2026-11-01",
    "a duplicate key": "a: 1\na: 2",
    "a nested duplicate key": "x:\n  a: 1\n  a: 2",
    "a key that is a list": "[a, b]: c",
    "a second document": "a: 1\n---\nb: 2",
    "an unknown alias": "a: *x",
    "a broken text": "a: [1, 2",
    "a tab for indentation": "a:\n\tb: 1",
    "a billion laughs": laughs.join("\n"),
    "a huge text": " ".repeat(MOST_YAML_OCTETS + 1),
  };
  for (const [what, text] of Object.entries(refused)) {
    assert.throws(() => parseYaml(text), YamlError, what);
  }
});

Deno.test("B-41: what YAML 1.1 took for booleans and merges is plain in ours", () => {
  assert.deepEqual(parseYaml("a: NO\nb: on\nc: 12:30\n<<: x"), {
    a: "NO",
    b: "on",
    c: "12:30",
    "<<": "x",
  });
});

Deno.test("B-41: a key named __proto__ changes no prototype", () => {
  const data = parseYaml("__proto__: {polluted: true}") as object;
  assert.equal((data as { polluted?: boolean }).polluted, undefined);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
