import assert from "node:assert/strict";
import { EVENT_KINDS } from "../../../lib/events/event_kinds.ts";
import type { Kind } from "../../../lib/events/kind.ts";
import { EVENT_SOURCES } from "../../../lib/events/event_sources.ts";

Deno.test("EVENT_KINDS: a source gives each number once, and every source tells something", () => {
  const numbers = Object.values(EVENT_KINDS).map(({ source, id }) => `${source} ${id}`);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.deepEqual(
    new Set(Object.values(EVENT_KINDS).map(({ source }) => source)),
    new Set(EVENT_SOURCES),
  );
});

Deno.test("EVENT_KINDS: the numbers of the old system are kept", () => {
  const numbers = new Set(
    Object.values(EVENT_KINDS).map(({ source, id }) => `${source} ${id}`),
  );
  const known = ["iScsiPrt 1", "iScsiPrt 5", "iScsiPrt 7", "iScsiPrt 10", "iScsiPrt 20"];
  known.push("MSiSCSI 113", "mpio 16", "mpio 17", "mpio 18", "mpio 32");
  for (const each of [...known, "Disk 15", "Ftdisk 57", "WinTarget 16"]) {
    assert.ok(numbers.has(each), each);
  }
});

Deno.test("EVENT_KINDS: texts are one line, and strangers' events name an address", () => {
  for (const [name, kind] of Object.entries(EVENT_KINDS)) {
    const { text, cause, remedy, adviceOf = {} }: Kind = kind;
    const advice = Object.values(adviceOf).flatMap((each) => [each.cause, each.remedy]);
    for (const line of [text, cause, remedy, ...advice]) {
      assert.match(line, /^[^\n.]([^\n]*[^\n.])?$/, `${name}: ${line}`);
    }
    assert.equal(/[{}]/.test(kind.text.replace(/\{[a-z]+\}/g, "")), false, name);
    if ("byStrangers" in kind) assert.match(kind.text, /\{address\}/, name);
  }
});
