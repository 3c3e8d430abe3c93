import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { checkInitiatorIds, isInitiatorId } from "../../../lib/config/initiator_id.ts";

Deno.test("checkInitiatorIds puts identifiers in one spelling, each once", () => {
  assert.deepEqual(
    checkInitiatorIds([
      "iqn:iqn.1991-05.com.Microsoft:Mail1",
      "iqn.1991-05.com.microsoft:mail1",
      "eui.02004567A425678D",
      "any",
    ]),
    ["iqn:iqn.1991-05.com.microsoft:mail1", "iqn:eui.02004567a425678d", "any"],
  );
});

Deno.test("checkInitiatorIds refuses a bad identifier and shows the right form", () => {
  for (const id of ["", "mail1", "iqn:", "iqn:mail1", "toString:x", "__proto__:x", "any ", "*"]) {
    assert.throws(
      () => checkInitiatorIds([id]),
      (error: unknown) =>
        error instanceof ControlError && error.kind === "usage" && error.nextStep!.includes("iqn:"),
      id,
    );
  }
});

Deno.test("isInitiatorId knows normal forms only", () => {
  assert.equal(isInitiatorId("iqn:iqn.1991-05.com.microsoft:mail1"), true);
  assert.equal(isInitiatorId("iqn:iqn.1991-05.com.Microsoft:mail1"), false);
  assert.equal(isInitiatorId("iqn.1991-05.com.microsoft:mail1"), false);
  assert.equal(isInitiatorId("mail1"), false);
});
