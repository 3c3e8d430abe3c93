import assert from "node:assert/strict";
import { defaultIqn, parseIscsiName } from "../../../lib/config/iscsi_name.ts";
import { iqnBaseOf } from "../../../lib/iscsi/default_name.ts";

Deno.test("defaultIqn makes an iSCSI name of any host name and any target name", () => {
  for (const host of ["vm", "Mail.Example.COM", "host_1", "-x-", "", "...", "ü", "a".repeat(300)]) {
    for (const target of ["mail", "a_b", "0".repeat(64)]) {
      const iqn = defaultIqn(iqnBaseOf(host), target);
      assert.equal(parseIscsiName(iqn), iqn, iqn);
      assert.match(iqn, /^iqn\.2026-11\.io\.sanctl:[a-z0-9.-]+:[a-z0-9.-]+$/);
    }
  }
});
