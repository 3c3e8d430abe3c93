import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { checkName, isName, nameOfFile } from "../../../lib/config/names.ts";

const GOOD = [
  "a",
  "0",
  "mail",
  "mail-data",
  "mail_data",
  "mail.data",
  "a".repeat(64),
  "0.-_",
  "console",
];

const BAD = [
  "",
  "../etc/passwd",
  "..",
  ".",
  "a..b",
  "a.",
  "/etc/passwd",
  "a/b",
  "a\\b",
  "a\0b",
  "%2e%2e",
  "a%2fb",
  "Mail",
  "-a",
  ".a",
  "_a",
  "con",
  "con.vhd",
  "nul",
  "lpt1",
  "com9.img",
  "a b",
  "a\n",
  "\na",
  "mаil", // the second letter is Cyrillic
  "ｍａｉｌ",
  "a".repeat(65),
  "a".repeat(300),
  "mail\u202e",
  "é",
];

Deno.test("B-38: names are taken from an allow-list of characters", () => {
  for (const name of GOOD) assert.equal(isName(name), true, name);
});

Deno.test("B-38: a name that could leave its directory, or mean a device, is refused", () => {
  for (const name of BAD) {
    assert.throws(
      () => checkName("disk", name),
      (error: unknown) =>
        error instanceof ControlError && error.kind === "usage" &&
        error.message.includes("cannot name a disk") && error.nextStep!.includes("a-z 0-9"),
      JSON.stringify(name),
    );
  }
});

Deno.test("nameOfFile answers the stem in small letters", () => {
  assert.equal(nameOfFile("/srv/disks/Mail.Data.vhd"), "mail.data");
  assert.equal(nameOfFile("/srv/disks/plain"), "plain");
  assert.equal(nameOfFile("disk1.img"), "disk1");
});

Deno.test("nameOfFile asks for a name where the file's does not make one", () => {
  for (const path of ["/srv/my disk.vhd", "/srv/.vhd", "/srv/...vhd", "/srv/"]) {
    assert.throws(() => nameOfFile(path), /--name|does not make/, path);
  }
});
