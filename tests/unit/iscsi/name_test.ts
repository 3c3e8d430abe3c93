import assert from "node:assert/strict";
import { isName, NameError, normaliseName } from "../../../lib/iscsi/name.ts";

Deno.test("A21: normaliseName takes names of the three forms", () => {
  const names = [
    "iqn.2001-04.com.example",
    "iqn.2001-04.com.example:storage:diskarrays-sn-a8675309",
    "iqn.1991-05.com.microsoft:win_server",
    "eui.02004567a425678d",
    "naa.52004567ba64678d",
    "naa.62004567ba64678d0123456789abcdef",
    "iqn.2001-04.com.example:größe",
  ];
  for (const name of names) assert.equal(normaliseName(name), name);
});

Deno.test("A21: normaliseName gives one spelling to names that differ in case", () => {
  assert.equal(normaliseName("IQN.2001-04.COM.Example:Disk1"), "iqn.2001-04.com.example:disk1");
  assert.equal(normaliseName("eui.02004567A425678D"), "eui.02004567a425678d");
  assert.equal(normaliseName("iqn.2001-04.com.example:Größe"), "iqn.2001-04.com.example:größe");
  assert.equal(normaliseName("iqn.2001-04.com.example:ｄ１"), "iqn.2001-04.com.example:d1");
});

Deno.test("A21: normaliseName takes 223 octets and no more", () => {
  const name = "iqn.2001-04.com.example:".padEnd(223, "x");
  assert.equal(normaliseName(name), name);
  assert.throws(() => normaliseName(name + "x"), /224 octets/);
});

Deno.test("A21: normaliseName counts octets, not characters", () => {
  assert.throws(() => normaliseName("iqn.2001-04.com.example:" + "ö".repeat(120)), /264 octets/);
});

Deno.test("A21: normaliseName refuses blanks, control characters and punctuation", () => {
  for (const character of [" ", "\0", "\n", "\x7f", "/", ",", "=", "'", "\u200b", "\u3002"]) {
    assert.throws(() => normaliseName(`iqn.2001-04.com.example:a${character}b`), NameError);
  }
});

Deno.test("A21: normaliseName shows the right form of the kind that was meant", () => {
  assert.throws(() => normaliseName("disk1"), {
    message: '"disk1" is no iSCSI name: it should look like iqn.2026-01.com.example:disk1',
  });
  assert.throws(() => normaliseName("iqn.2001-13.com.example"), /iqn\.2026-01\.com\.example/);
  assert.throws(() => normaliseName("eui.0200"), /should look like eui\.[0-9a-f]{16}$/);
  assert.throws(() => normaliseName("naa.52004567ba64678"), /should look like naa\.[0-9a-f]{16}$/);
});

Deno.test("A21: normaliseName prints no control characters of a bad name", () => {
  assert.throws(() => normaliseName("iqn.\x1b[2J\u202e"), (error) => {
    assert.ok(error instanceof NameError);
    return !/\p{C}/u.test(error.message);
  });
});

Deno.test("isName answers what normaliseName would take", () => {
  assert.equal(isName("IQN.2001-04.com.example:a"), true);
  assert.equal(isName("iqn.2001-04"), false);
  assert.equal(isName(""), false);
});
