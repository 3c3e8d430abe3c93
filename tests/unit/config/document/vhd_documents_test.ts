/** Documents of disks in real files: dynamic and differencing ones, and those with snapshots. */
import assert from "node:assert/strict";
import { localDiskFiles } from "../../../../lib/config/local_disk_files.ts";
import { OfflineKeeper } from "../../../../lib/config/offline.ts";
import { StateControl } from "../../../../lib/config/state_control.ts";
import { withScratch } from "../../../support/executable.ts";
import { DocumentControl, isRefusal } from "./document_fixture.ts";

const MIB = 1 << 20;

/** Servers whose disks are in one folder, each with a state of its own. */
async function withFolder(
  test: (server: (name: string) => DocumentControl, folder: string) => Promise<void>,
): Promise<void> {
  await withScratch(async (scratch) => {
    const folder = await Deno.realPath(scratch);
    const server = (name: string) =>
      new DocumentControl(new StateControl(new OfflineKeeper(`${folder}/${name}`, localDiskFiles)));
    await test(server, folder);
  });
}

Deno.test("apply: dynamic and differencing disks are created, and make another server the same", () =>
  withFolder(async (server, folder) => {
    const [one, other] = [server("one"), server("other")];
    await one.apply(`disks: [{name: base, path: ${folder}/base.vhd, size: 4M}]`);
    await one.apply("disks: []", { prune: true });
    const text = `disks:
  - {name: grow, path: ${folder}/grow.vhd, type: dynamic, size: 8M}
  - {name: child, path: ${folder}/child.vhd, type: differencing, parent: ${folder}/base.vhd}
`;
    await one.apply(text);
    const sizes = (await one.control.listDisks()).map(({ name, size }) => [name, size / MIB]);
    assert.deepEqual(sizes, [["grow", 8], ["child", 4]]);
    assert.deepEqual((await one.apply(text, { prune: true })).facts.steps, []);
    const document = await one.export();
    await other.apply(document.replace(/^iqnBase.*\n/m, ""));
    assert.equal(await other.export(), document);
  }));

Deno.test("apply: a parent is nobody's disk, whichever of the two comes first", () =>
  withFolder(async (server, folder) => {
    const documents = server("one");
    const base = `{name: base, path: ${folder}/base.vhd, size: 4M}`;
    const child = `{name: child, path: ${folder}/child.vhd, type: differencing, ` +
      `parent: ${folder}/base.vhd}`;
    await documents.apply(`disks: [${base}]`);
    const refused = isRefusal(
      "in-use",
      /child is a child of the file of disk base.*leave disk base/,
    );
    await assert.rejects(documents.apply(`disks: [${child}]`), refused);
    await assert.rejects(Deno.stat(`${folder}/child.vhd`), Deno.errors.NotFound);
    await documents.apply(`disks: [${child}]`, { prune: true });
    await assert.rejects(documents.apply(`disks: [${base}]`), refused);
  }));

Deno.test("apply: what a file says of its type and its parent is not talked out of it", () =>
  withFolder(async (server, folder) => {
    const documents = server("one");
    const path = `${folder}/a.vhd`;
    await documents.apply(`disks: [{name: a, path: ${path}, type: dynamic, size: 4M}]`);
    await assert.rejects(
      documents.apply("disks: [{name: a, type: fixed}]"),
      isRefusal("usage", /the type dynamic, which cannot become fixed/),
    );
    await documents.apply("disks: []", { prune: true });
    await assert.rejects(
      documents.apply(`disks: [{name: a, path: ${path}, type: fixed}]`),
      isRefusal("usage", /disks\[0\]\.type: .* that of its file is dynamic; leave the type out/),
    );
    await assert.rejects(
      documents.apply(`disks: [{name: b, path: ${folder}/b.vhd, type: dynamic}]`),
      isRefusal("usage", /disk b is new and has no size/),
    );
  }));

Deno.test("apply: a server with snapshots is exported, and taken again, here and elsewhere", () =>
  withFolder(async (server, folder) => {
    const [one, other] = [server("one"), server("other")];
    await one.apply(`disks: [{name: a, path: ${folder}/a.vhd, size: 4M}]`);
    const before = await one.export();
    await one.control.snapshots.create({ disks: ["a"] });
    for (const text of [before, await one.export()]) {
      assert.deepEqual((await one.apply(text, { prune: true })).facts.steps, []);
    }
    await other.apply(await one.export());
    const [disk] = await other.control.listDisks();
    assert.equal(disk!.size, 4 * MIB);
  }));
