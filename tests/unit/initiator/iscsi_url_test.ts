import assert from "node:assert/strict";
import { parseIscsiUrl } from "../../../lib/initiator/iscsi_url.ts";

const NAME = "iqn.2026-01.org.example:disk";

Deno.test("parseIscsiUrl takes what libiscsi and QEMU write", () => {
  const plain = { portal: { host: "192.0.2.1", port: 3260 }, targetName: NAME, lun: 0 };
  const none = { user: undefined, secret: undefined };
  assert.deepEqual(parseIscsiUrl(`iscsi://192.0.2.1/${NAME}/0`), { ...plain, ...none });
  assert.deepEqual(parseIscsiUrl(`ISCSI://192.0.2.1:3261/${encodeURIComponent(NAME)}/255`), {
    ...{ ...plain, ...none, lun: 255 },
    portal: { host: "192.0.2.1", port: 3261 },
  });
  assert.deepEqual(parseIscsiUrl(`iscsi://me%a%secret word@[2001:db8::1]:860/${NAME}/1`), {
    ...plain,
    ...{ lun: 1, user: "me", secret: "a%secret word" },
    portal: { host: "2001:db8::1", port: 860 },
  });
  assert.deepEqual(parseIscsiUrl(`iscsi://me@san.example/${NAME}/0`)?.user, "me");
});

Deno.test("parseIscsiUrl refuses everything else", () => {
  const wrong = [
    "iscsi:192.0.2.1/x/0",
    `iscsi://192.0.2.1/${NAME}`,
    `iscsi://192.0.2.1/${NAME}/`,
    `iscsi://192.0.2.1/${NAME}/-1`,
    `iscsi://192.0.2.1/${NAME}/16384`,
    `iscsi://192.0.2.1/${NAME}/0/1`,
    `iscsi://192.0.2.1:0/${NAME}/0`,
    `iscsi://192.0.2.1:65536/${NAME}/0`,
    `iscsi://192.0.2.1,1/${NAME}/0`,
    `iscsi://2001:db8::1/${NAME}/0`,
    `iscsi:///${NAME}/0`,
    "iscsi://192.0.2.1/disk/0",
    `iscsi://192.0.2.1/${NAME}%/0`,
  ];
  for (const url of wrong) assert.equal(parseIscsiUrl(url), undefined, url);
});
