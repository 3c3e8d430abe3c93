import assert from "node:assert/strict";
import { readDocumentText } from "../../../../lib/config/document/document_text.ts";
import { readDocument } from "../../../../lib/config/document/read_document.ts";
import { MOST_YAML_OCTETS } from "../../../../lib/config/yaml.ts";
import { isRefusal } from "./document_fixture.ts";

/** Reads a text as an operator's file. */
function read(text: string) {
  const { data, told } = readDocumentText(text, "x.yaml");
  try {
    return readDocument(data);
  } catch (error) {
    throw told(error);
  }
}

Deno.test("readDocument: what an operator writes comes in normal form", () => {
  const document = read(`
targets:
  - name: mail
    iqn: IQN.2026-01.com.Example:Mail
    description: "  the mail  "
    allow: [iqn.1991-05.com.microsoft:MAIL1, "iqn:iqn.1991-05.com.microsoft:mail1", any]
    chap: {user: ada, algorithms: [md5, sha256]}
    reverseChap: null
disks:
  - {name: d, size: 20GiB, uuid: 8030459D-ADF0-4CB2-8830-3A98AFC04CF3}
`);
  assert.deepEqual(JSON.parse(JSON.stringify(document)), {
    targets: [{
      name: "mail",
      iqn: "iqn.2026-01.com.example:mail",
      description: "the mail",
      allow: ["iqn:iqn.1991-05.com.microsoft:mail1", "any"],
      chap: { user: "ada", algorithms: ["sha256", "md5"] },
      reverseChap: null,
    }],
    disks: [{ name: "d", size: 20 * 2 ** 30, uuid: "8030459d-adf0-4cb2-8830-3a98afc04cf3" }],
  });
});

Deno.test("readDocument: JSON is a document too", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(read('{"disks": [{"name": "d", "size": "1M"}]}'))), {
    disks: [{ name: "d", size: 1 << 20 }],
  });
});

/** The lines of a document → what is said about it: the place, the cause and the next step. */
const REFUSED: readonly (readonly [lines: readonly string[], said: RegExp])[] = [
  [[""], /^x\.yaml: there is nothing in it/],
  [["# only this"], /there is nothing in it/],
  [["- a"], /x\.yaml:1: \["a"\] is not a set of keys; write keys/],
  [["nonsense"], /x\.yaml:1: "nonsense" is not a set of keys/],
  [["target: []"], /x\.yaml:1: target: there is no key "target"; did you mean targets\?/],
  [["disks:", "- name: a", "  owner: x"], /:3: disks\[0\]\.owner: .*; the keys here are name, for/],
  [["targets:", "- name: a", "  alow: []"], /:3: targets\[0\]\.alow: .*; did you mean allow\?/],
  [["targets:", "- nam: a"], /:2: targets\[0\]\.nam: there is no key "nam" \(and 1 more place\)/],
  [
    ["targets:", "- name: a", "  luns:", "  - disk: d", "    readonly: true"],
    /:5: targets\[0\]\.luns\[0\]\.readonly: .*; did you mean readOnly\?/,
  ],
  [["targets:"], /:1: targets: nothing stands there, but a list is needed; .* or \[\] for none/],
  [["disks: {}"], /:1: disks: \{\} is not a list/],
  [["targets:", "- name: 012"], /:2: targets\[0\]\.name: 12 is not a text; .* in quotes/],
  [["targets:", "- name: ../x"], /:2: targets\[0\]\.name: "\.\.\/x" cannot name a target/],
  [["targets:", "- iqn: iqn.2026-01.a:b"], /:2: targets\[0\]\.name: it is missing/],
  [["targets:", "- name: a", "  iqn: mail"], /:3: targets\[0\]\.iqn: .*; use iqn\.YYYY-MM/],
  [
    ["targets:", "- name: a", "  allow:", "  - any", "  - ada"],
    /:5: targets\[0\]\.allow\[1\]: access rule "ada" .*; write it as iqn:NAME/,
  ],
  [["targets:", "- name: a", "- name: a"], /:3: targets\[1\]: the target a is there twice/],
  [["disks:", "- name: a", "- name: a"], /:3: disks\[1\]: the disk a is there twice/],
  [["disks:", "- name: a", "  size: 20"], /:3: disks\[0\]\.size: a size needs a unit: 20M, 20G/],
  [["disks:", "- name: a", "  size: 1.5B"], /is no whole number of octets/],
  [["disks:", "- name: a", "  path: a.vhd"], /:3: disks\[0\]\.path: .*is not the absolute path/],
  [["disks:", "- name: a", "  format: qcow2"], /"qcow2" is none of its values; use vhd or raw/],
  [["disks:", "- name: a", "  logicalBlockLength: 1024"], /1024 .*; use 512 or 4096/],
  [["disks:", "- name: a", "  shared: yes"], /"yes" is not true or false/],
  [["disks:", "- name: a", "  uuid: 12"], /12 is not a text/],
  [["disks:", "- name: a", "  uuid: g"], /"g" is not a UUID/],
  [
    ["targets:", "- name: a", "  luns: [{disk: d, lun: 16384}]"],
    /luns\[0\]\.lun: 16384 is not possible; use at most 16383/,
  ],
  [["version: 2"], /version: 2 is none of its values; use 1/],
  [["iqnBase: x"], /iqnBase: "x" is not an iSCSI name in normal form/],
];

Deno.test("readDocument: what is wrong is told with its line, its path, the cause and what to do", () => {
  for (const [lines, said] of REFUSED) {
    assert.throws(() => read(lines.join("\n")), isRefusal("usage", said), lines.join(" | "));
  }
});

Deno.test("B-41: a document that is no plain YAML is refused with its line", () => {
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (const [one, other] of ["ab", "bc", "cd", "de", "ef", "fg"]) {
    laughs.push(`${other}: &${other} [${Array(9).fill(`*${one}`).join(", ")}]`);
  }
  const refused: readonly (readonly [text: string, said: RegExp])[] = [
    ["disks: []\ntargets: !secret x", /x\.yaml:2: .*tag/i],
    ["disks: []\ndisks: []", /x\.yaml:2: Map keys must be unique/],
    ["disks: []\n---\ntargets: []", /x\.yaml:\d: /],
    ["disks: [", /x\.yaml:1: /],
    ["disks:\n\t- a", /x\.yaml:2: /],
    ["disks: *x", /x\.yaml.*: .*alias/i],
    [laughs.join("\n"), /x\.yaml.*: .*alias/i],
    [" ".repeat(MOST_YAML_OCTETS + 1), /larger than/],
  ];
  for (const [text, said] of refused) {
    assert.throws(() => read(text), isRefusal("usage", said), text.slice(0, 40));
  }
});

Deno.test("B-17: no error repeats what could be a secret", () => {
  const secret = "canary-secret";
  const texts = [
    `targets:\n- name: a\n  chap: ${secret}`,
    `targets:\n- name: a\n  chap: {user: a, secret: [${secret}]}`,
    `targets:\n- name: a\n  chap: {user: a, secret: {x: ${secret}}}`,
    `targets:\n- name: a\n  chap: {user: a, secretReference: ${secret}}`,
    `targets:\n- name: a\n  reverseChap: [${secret}]`,
    `discovery: ${secret}`,
    `discovery: {chap: {algorithms: ${secret}}}`,
    `discovery: {chap: {secret: ${secret}, algorithms: [x]}}`,
    `discovery: {chap: {secret: ${secret}}`,
    `discovery: {chap: {secret: !x ${secret}}}`,
  ];
  for (const text of texts) {
    assert.throws(() => read(text), (error: Error) => {
      for (let each: unknown = error; each instanceof Error; each = each.cause) {
        assert.ok(!`${each.message} ${JSON.stringify(each)}`.includes("canary"), each.message);
      }
      return true;
    }, text);
  }
});
