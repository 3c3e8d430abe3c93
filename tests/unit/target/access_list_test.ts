import assert from "node:assert/strict";
import { ACCESS_RULE_FORMS, AccessList, AccessRuleError } from "../../../lib/target/access_list.ts";

const HOST = "iqn.2026-01.org.example:host";
const asker = { initiatorName: HOST, address: "192.0.2.101" };

Deno.test("AccessList: an empty list admits nobody, and says so", () => {
  const list = AccessList.of([]);
  assert.equal(list.admits(asker), false);
  assert.equal(list.explain(asker), "its access list is empty");
});

Deno.test("AccessList: any admits everybody", () => {
  const list = AccessList.of(["any"]);
  assert.equal(list.admits(asker), true);
  assert.equal(list.explain(asker), "admitted by any");
});

Deno.test("AccessList: iqn admits the initiator of that name, however it is spelt", () => {
  const list = AccessList.of(["iqn:IQN.2026-01.org.example:HOST", "iqn:eui.02004567A425678D"]);
  assert.deepEqual(list.ids, [`iqn:${HOST}`, "iqn:eui.02004567a425678d"]);
  assert.equal(list.admits(asker), true);
  assert.equal(list.explain(asker), `admitted by iqn:${HOST}`);
  const other = { ...asker, initiatorName: `${HOST}2` };
  assert.equal(list.admits(other), false);
  assert.match(list.explain(other), /^none of iqn:.* admits it$/);
});

Deno.test("AccessList keeps an entry once, in the order of the first of each", () => {
  const list = AccessList.of(["any", `iqn:${HOST}`, `iqn:${HOST.toUpperCase()}`, "any"]);
  assert.deepEqual(list.ids, ["any", `iqn:${HOST}`]);
});

Deno.test("AccessList refuses what it does not understand, and shows how entries are written", () => {
  for (const id of ["", "Any", "any:", "host", HOST, "constructor:x", "iqn:", "iqn:host", ":x"]) {
    assert.throws(() => AccessList.of(["any", id]), (error: Error) => {
      assert.ok(error instanceof AccessRuleError, id);
      assert.ok(ACCESS_RULE_FORMS.some((form) => error.message.includes(form)), error.message);
      return true;
    });
  }
});
