import assert from "node:assert/strict";
import { VisitorList } from "../../../../lib/config/visitors/visitor_list.ts";

const DAY_MS = 86_400_000;
const START = new Date("2026-01-01T00:00:00Z");

function at(ms: number): Date {
  return new Date(START.getTime() + ms);
}

function visit(host: string, fields: { address?: string; refusal?: string } = {}) {
  const initiator = `iqn.2026-01.org.example:${host}`;
  return { initiator, address: "192.0.2.1", target: "t", refusal: undefined, ...fields };
}

Deno.test("VisitorList keeps one entry for each initiator, address and target, the latest first", () => {
  const list = new VisitorList();
  list.note(visit("a", { refusal: "no" }), at(0));
  list.note(visit("b"), at(1000));
  list.note({ ...visit("a"), target: undefined }, at(1200));
  list.note({ ...visit("a"), address: "192.0.2.2" }, at(1500));
  list.note(visit("a"), at(2000));
  assert.deepEqual(
    list.since(at(3000)).map(({ address, target, visits }) => [address, target, visits]),
    [
      ["192.0.2.1", "t", 2],
      ["192.0.2.2", "t", 1],
      ["192.0.2.1", undefined, 1],
      ["192.0.2.1", "t", 1],
    ],
  );
  const [first] = list.since(at(3000));
  assert.deepEqual(
    [first!.firstSeen, first!.lastSeen, first!.refusal],
    [at(0).getTime(), at(2000).getTime(), undefined],
  );
});

Deno.test("VisitorList forgets after seven days, unless somebody is still there", () => {
  const list = new VisitorList();
  list.note(visit("gone"), at(0));
  list.note(visit("there"), at(0));
  list.touch(visit("there"), at(5 * DAY_MS));
  list.touch(visit("never"), at(5 * DAY_MS));
  assert.equal(list.since(at(7 * DAY_MS)).length, 2);
  const left = list.since(at(7 * DAY_MS + 1));
  assert.deepEqual(left.map(({ initiator, visits }) => [initiator, visits]), [
    ["iqn.2026-01.org.example:there", 1],
  ]);
});

Deno.test("B-16: VisitorList: whoever is refused under many names takes nobody's room", () => {
  const list = new VisitorList();
  for (let i = 0; i < 500; i++) list.note(visit(`host${i}`), at(0));
  list.note(visit("other", { refusal: "no", address: "198.51.100.1" }), at(1));
  for (let i = 0; i < 10_000; i++) {
    list.note(visit(`eve${i}`, { refusal: "no", address: "203.0.113.9" }), at(2 + i));
  }
  const visitors = list.since(at(20_000));
  assert.equal(visitors.length, 500 + 1 + 64);
  assert.equal(visitors[0]!.initiator, "iqn.2026-01.org.example:eve9999");
  for (let i = 0; i < 10_000; i++) {
    const address = `203.0.${i >> 8}.${i & 255}`;
    list.note(visit(`eve${i}`, { refusal: "no", address }), at(30_000 + i));
  }
  const after = list.since(at(50_000));
  assert.equal(after.length, 1024);
  assert.equal(after.filter(({ refusal }) => refusal === undefined).length, 500);
});

Deno.test("VisitorList is bounded when everybody is let in, too", () => {
  const list = new VisitorList();
  for (let i = 0; i < 5000; i++) list.note(visit(`host${i}`), at(i));
  assert.equal(list.since(at(5000)).length, 1024);
  list.note(visit("new", { refusal: "no" }), at(5001));
  assert.equal(list.since(at(5001)).length, 1024);
});

Deno.test("VisitorList takes up where another one ended", () => {
  const list = new VisitorList();
  for (let i = 0; i < 1024; i++) list.note(visit(`host${i}`), at(i));
  const again = new VisitorList();
  again.load(structuredClone(list.since(at(2000))));
  assert.deepEqual(again.since(at(2000)), list.since(at(2000)));
  again.note(visit("new"), at(3000));
  assert.equal(again.since(at(3000)).at(-1)!.initiator, "iqn.2026-01.org.example:host1");
});
