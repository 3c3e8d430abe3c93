import assert from "node:assert/strict";
import { directoryOf, fileNameOf } from "../../../lib/runtime/path.ts";

Deno.test("directoryOf and fileNameOf take a path apart", () => {
  const cases = [
    ["/srv/disks/mail.vhd", "/srv/disks", "mail.vhd"],
    ["/mail.vhd", "/", "mail.vhd"],
    ["C:\\disks\\mail.vhd", "C:\\disks", "mail.vhd"],
  ] as const;
  for (const [path, directory, name] of cases) {
    assert.equal(directoryOf(path), directory);
    assert.equal(fileNameOf(path), name);
  }
});
