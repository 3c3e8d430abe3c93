/** What a document must not do to snapshots, and beyond limits. */
import assert from "node:assert/strict";
import { planDisk } from "../../../../lib/config/operations/declare_disk.ts";
import { emptyState } from "../../../../lib/config/schema.ts";
import { NO_SECRETS } from "../../../../lib/config/secret_book.ts";
import { StateStore } from "../../../../lib/config/store.ts";
import { isRefusal, type TestServer, withServer } from "./document_fixture.ts";

/** Declares the disk d, of which the snapshot before was taken: its file has changed since. */
async function withSnapshot({ directory, files }: TestServer): Promise<void> {
  const plan = planDisk({ path: "/d/d.vhd", size: 1 << 20 });
  const snapshot = {
    name: "before",
    uuid: crypto.randomUUID(),
    path: "/d/d.vhd",
    takenAt: "2026-11-01T00:00:00.000Z",
    description: "",
    size: 1 << 20,
  };
  const chain = { parent: "/d/d.vhd", snapshots: [snapshot] };
  const state = emptyState("iqn.2026-11.io.sanctl:host");
  const disks = [{ ...plan, path: "/d/d.1.vhd", chain }];
  await new StateStore(directory).save({ state: { ...state, disks }, secrets: NO_SECRETS });
  for (const path of ["/d/d.vhd", "/d/d.1.vhd"]) files.put(path);
}

Deno.test("apply: a disk with snapshots is not pruned, and keeps them under another name", () =>
  withServer(async (server) => {
    await withSnapshot(server);
    const { control, documents } = server;
    await assert.rejects(
      documents.apply("disks: []", { prune: true, force: true }),
      isRefusal("in-use", /disk d would be removed, and has snapshots, such as before/),
    );
    await documents.apply("disks: [{name: e, path: /d/d.1.vhd}]", { prune: true });
    assert.deepEqual((await control.listDisks()).map(({ name }) => name), ["e"]);
    assert.equal(
      (await new StateStore(server.directory).load()).disks[0]!.chain!.snapshots.length,
      1,
    );
  }));

Deno.test("apply: a document from before a snapshot names the file that the disk had then", () =>
  withServer(async (server) => {
    await withSnapshot(server);
    const { documents } = server;
    const text = "disks: [{name: d, path: /d/d.vhd, size: 1M}]";
    assert.deepEqual((await documents.apply(text, { prune: true })).facts.steps, []);
    await assert.rejects(
      documents.apply("disks: [{name: n, path: /d/d.vhd}]"),
      isRefusal("usage", /disk n cannot have the file of disk d/),
    );
  }));

Deno.test("apply: no more comes than the limits allow, those of the document included", () =>
  withServer(async ({ control, documents }) => {
    await documents.apply("limits: {targets: 2, disks: 1}\ntargets: [{name: a}, {name: b}]");
    const refused = isRefusal("usage", /there are 3 targets, and the limit is 2/);
    await assert.rejects(documents.apply("targets: [{name: c}]"), refused);
    await assert.rejects(
      documents.apply(
        "disks: [{name: d, format: mem, size: 1M}, {name: e, format: mem, size: 1M}]",
      ),
      isRefusal("usage", /there are 2 disks/),
    );
    await documents.apply("targets: [{name: c}]\nlimits: {targets: 3}");
    assert.equal((await control.listTargets()).length, 3);
  }));

Deno.test("apply: an export that is not there is not made", () =>
  withServer(async ({ documents, files }) => {
    await assert.rejects(
      documents.apply("disks: [{name: d, format: nbd, path: nbd://127.0.0.1/x, size: 1M}]"),
      { kind: "not-found", message: /disks\[0\]\.path: there is no nbd/ },
    );
    await assert.rejects(
      documents.apply("disks: [{name: d, format: nbd, path: /d/x.img, size: 1M}]"),
      isRefusal("usage", /disk d is new and its path is no export/),
    );
    assert.equal(files.found.size, 0);
  }));
