/** Disks that live on an NBD server. */
import assert from "node:assert/strict";
import { MemoryDevice } from "../../../lib/block/memory.ts";
import { inconsistency } from "../../../lib/config/consistency.ts";
import { ControlError } from "../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../lib/config/offline.ts";
import { localDiskFiles } from "../../../lib/config/local_disk_files.ts";
import { planDisk } from "../../../lib/config/operations/declare_disk.ts";
import { emptyState } from "../../../lib/config/schema.ts";
import { StateControl } from "../../../lib/config/state_control.ts";
import { withScratch } from "../../support/executable.ts";
import { servingNbd } from "../../support/nbd_serving.ts";

function refusal(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, text);
    return true;
  };
}

/** A control of a state of its own, and an NBD server with a disk called `Mail`. */
async function onServer(
  use: (control: StateControl, url: (name: string) => string) => Promise<void>,
): Promise<void> {
  const devices = { Mail: new MemoryDevice(1 << 20), ro: new MemoryDevice(1 << 20) };
  await servingNbd({ ...devices, odd: new MemoryDevice(1000) }, ({ folder, unix }) => {
    return use(new StateControl(new OfflineKeeper(`${folder}/state`, localDiskFiles)), unix);
  });
}

Deno.test("an export becomes a disk, called after it, of its size", () =>
  onServer(async (control, url) => {
    const { facts, notices } = await control.importDisk({ path: url("Mail") });
    assert.deepEqual(notices, []);
    const { name, format, path, size, sparse } = facts;
    assert.deepEqual({ name, format, path, size, sparse }, {
      name: "mail",
      format: "nbd",
      path: url("Mail"),
      size: 1 << 20,
      sparse: true,
    });
    const again = { path: url("Mail").replace("nbd+unix", "NBD+UNIX"), name: "b" };
    await assert.rejects(control.importDisk(again), refusal("in-use", /is disk mail/));
    const removed = control.removeDisk("mail", { deleteFile: true });
    await assert.rejects(removed, refusal("usage", /its server keeps/));
    const { notices: said } = await control.removeDisk("mail");
    assert.deepEqual(said, [`the export ${url("Mail")} stays`]);
  }));

Deno.test("what cannot be a disk is refused: no server, no such export, read-only, half a block", () =>
  onServer(async (control, url) => {
    const cases: readonly [string, string, RegExp][] = [
      ["nbd+unix:///x?socket=/nowhere/s", "unreachable", /there is no such socket/],
      ["nbd://127.0.0.1:1/x", "unreachable", /nothing listens there/],
      [url("none"), "not-found", /no export "none"/],
      [url("ro"), "failed", /nobody may write/],
      [url("odd"), "failed", /not whole blocks/],
      ["nbd:x", "usage", /no URL|does not say/],
      ["nbds://host/x", "usage", /TLS/],
      ["nbd+unix:///x?socket=here", "usage", /no absolute path/],
    ];
    for (const [path, kind, text] of cases) {
      await assert.rejects(control.importDisk({ path, name: "d" }), refusal(kind, text), path);
    }
    await assert.rejects(control.importDisk({ path: url("") }), refusal("not-found", /no export/));
    assert.deepEqual(await control.listDisks(), []);
    const created = control.createDisk({ path: "nbd://host/x", size: 1 << 20 });
    await assert.rejects(created, refusal("usage", /its own server makes/));
  }));

Deno.test("a place goes with its format, in a declared state too", () => {
  const disk = planDisk({ path: "/d/a.img", size: 512 });
  const stateOf = (changes: object) => ({
    ...emptyState("iqn.2026-11.io.sanctl:host"),
    disks: [{ ...disk, ...changes }],
  });
  const url = "nbd://host:10809/a";
  assert.equal(inconsistency(stateOf({ format: "nbd", path: url })), undefined);
  assert.match(inconsistency(stateOf({ path: url }))!, /no place for a disk of format raw/);
  assert.match(inconsistency(stateOf({ format: "nbd" }))!, /no place for a disk of format nbd/);
});

Deno.test("a document declares a disk on an NBD server", () =>
  withScratch((folder) =>
    servingNbd({ mail: new MemoryDevice(1 << 20) }, async ({ unix }) => {
      const control = new StateControl(new OfflineKeeper(`${folder}/state`, localDiskFiles));
      const document = { disks: [{ name: "letters", path: unix("mail") }] };
      await control.apply(document as never, {});
      const { format, size } = await control.showDisk("letters");
      assert.deepEqual({ format, size }, { format: "nbd", size: 1 << 20 });
    })
  ));
