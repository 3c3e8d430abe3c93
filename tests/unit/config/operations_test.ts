import assert from "node:assert/strict";
import {
  type BlockLengths,
  ControlError,
  type ControlErrorKind,
} from "../../../lib/config/control.ts";
import { allow, deny } from "../../../lib/config/operations/access.ts";
import { assignDisk } from "../../../lib/config/operations/assign_disk.ts";
import { createTarget } from "../../../lib/config/operations/create_target.ts";
import { declareDisk, planDisk, planImport } from "../../../lib/config/operations/declare_disk.ts";
import { deleteTarget } from "../../../lib/config/operations/delete_target.ts";
import { planExtension } from "../../../lib/config/operations/extend_disk.ts";
import { moveDisk } from "../../../lib/config/operations/move_disk.ts";
import { removeDisk } from "../../../lib/config/operations/remove_disk.ts";
import { setDisk } from "../../../lib/config/operations/set_disk.ts";
import { setTarget } from "../../../lib/config/operations/set_target.ts";
import { unassignDisk } from "../../../lib/config/operations/unassign_disk.ts";
import { type DeclaredState, emptyState } from "../../../lib/config/schema.ts";

const ADA = "iqn:iqn.2026-01.com.example:ada";
const BOB = "iqn:iqn.2026-01.com.example:bob";
const UNUSED = { sessionsOf: () => 0 };
const BUSY = { sessionsOf: () => 2 };

/** Targets `mail` (for Ada) and `web` (for both), disks `d0` on mail and `free` on none. */
function state(): DeclaredState {
  let state = emptyState("iqn.2026-11.io.sanctl:host");
  ({ state } = createTarget(state, { name: "mail", allow: [ADA] }));
  ({ state } = createTarget(state, { name: "web", allow: [ADA, BOB] }));
  ({ state } = declareDisk(state, planDisk({ path: "/d/d0.vhd", size: 1 << 20 }), "mail"));
  ({ state } = declareDisk(state, planDisk({ path: "/d/free.vhd", size: 1 << 20 })));
  return state;
}

function refuses(kind: ControlErrorKind, operation: () => unknown, text: RegExp): void {
  assert.throws(operation, (error: unknown) => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    assert.notEqual(error.nextStep, undefined, error.message);
    return true;
  });
}

Deno.test("createTarget makes an iSCSI name of its own and refuses a name that is taken", () => {
  const before = state();
  assert.equal(before.targets[0]!.iqn, "iqn.2026-11.io.sanctl:host:mail");
  refuses("in-use", () => createTarget(before, { name: "mail" }), /target mail already/);
  const iqn = "iqn.2026-11.io.sanctl:HOST:mail";
  refuses("in-use", () => createTarget(before, { name: "other", iqn }), /that of target mail/);
  // Two names that differ by a character no iSCSI name has.
  const { state: one } = createTarget(before, { name: "a_b" });
  refuses("in-use", () => createTarget(one, { name: "a-b" }), /--iqn/);
  refuses("usage", () => createTarget(before, { name: "Mail" }), /a-z 0-9/);
  refuses("usage", () => createTarget(before, { name: "x", iqn: "mail" }), /iqn\.YYYY-MM/);
  refuses("usage", () => createTarget(before, { name: "x", allow: ["ada"] }), /iqn:/);
  refuses("usage", () => createTarget(before, { name: "x", description: "a\nb" }), /single line/);
  refuses("usage", () => createTarget(before, { name: "x", description: "é".repeat(128) }), /255/);
});

Deno.test("createTarget says that nobody may log in yet, where that is so", () => {
  assert.match(createTarget(state(), { name: "x" }).notices.join(), /sanctl target allow x/);
  assert.deepEqual(createTarget(state(), { name: "x", allow: ["any"] }).notices, []);
});

Deno.test("setTarget renames a target wherever it is named, and keeps its iSCSI name", () => {
  const { state: after, notices } = setTarget(state(), "mail", { name: "post" }, BUSY);
  assert.equal(after.targets[0]!.name, "post");
  assert.equal(after.targets[0]!.iqn, "iqn.2026-11.io.sanctl:host:mail");
  assert.equal(after.disks[0]!.assignments[0]!.target, "post");
  assert.match(notices.join(), /stays iqn/);
  refuses(
    "in-use",
    () => setTarget(state(), "mail", { name: "web" }, UNUSED),
    /target web already/,
  );
  refuses("not-found", () => setTarget(state(), "nix", {}, UNUSED), /no target "nix"/);
});

Deno.test("setTarget refuses a new iSCSI name while sessions are open, unless forced", () => {
  const iqn = "iqn.2026-01.com.example:new";
  refuses("in-use", () => setTarget(state(), "mail", { iqn }, BUSY), /2 sessions.*--force/);
  const { state: after, notices } = setTarget(state(), "mail", { iqn, force: true }, BUSY);
  assert.equal(after.targets[0]!.iqn, iqn);
  assert.match(notices.join(), /must log in again, as iqn\.2026-01/);
  const taken = state().targets[1]!.iqn;
  refuses("in-use", () => setTarget(state(), "mail", { iqn: taken }, UNUSED), /that of target web/);
});

Deno.test("deleteTarget keeps the disks, and refuses while it has sessions, unless forced", () => {
  refuses("in-use", () => deleteTarget(state(), "mail", {}, BUSY), /2 sessions.*--force/);
  for (const [force, usage] of [[false, UNUSED], [true, BUSY]] as const) {
    const { state: after } = deleteTarget(state(), "mail", { force }, usage);
    assert.deepEqual(after.targets.map(({ name }) => name), ["web"]);
    assert.deepEqual(after.disks.map(({ assignments }) => assignments), [[], []]);
  }
});

Deno.test("allow refuses a second initiator of a disk that is not shared", () => {
  refuses("in-use", () => allow(state(), "mail", [BOB]), /disk d0.*--shared/);
  assert.deepEqual(allow(state(), "mail", [ADA]).state.targets, state().targets);
  refuses("in-use", () => allow(state(), "mail", ["any"]), /would admit 2 initiators/);
  const { state: nobody } = deny(state(), "mail", [ADA]);
  refuses("in-use", () => allow(nobody, "mail", ["10.0.0.0/24"]), /every initiator of ip:10\.0/);
  assert.deepEqual(allow(nobody, "mail", ["10.0.0.7/32"]).state.targets[0]!.allow, ["ip:10.0.0.7"]);
  const { state: range } = createTarget(state(), { name: "x", allow: ["10.0.0.0/24"] });
  refuses("in-use", () => assignDisk(range, "free", "x", {}), /admits every initiator of ip:10/);
  assignDisk(range, "free", "x", { shared: true });
  assignDisk(range, "free", "x", { readOnly: true });
  const { state: shared } = assignDisk(state(), "d0", "mail", { shared: true });
  assert.deepEqual(allow(shared, "mail", [BOB]).state.targets[0]!.allow, [ADA, BOB]);
  const { state: readOnly } = assignDisk(state(), "d0", "mail", { readOnly: true });
  assert.deepEqual(allow(readOnly, "mail", [BOB]).state.targets[0]!.allow, [ADA, BOB]);
});

Deno.test("deny takes initiators away and refuses those that are not there", () => {
  const { state: after } = deny(state(), "web", [ADA]);
  assert.deepEqual(after.targets[1]!.allow, [BOB]);
  refuses("not-found", () => deny(state(), "mail", [BOB]), /not among those/);
  refuses("usage", () => deny(state(), "mail", []), /no initiator/);
});

Deno.test("assignDisk takes the lowest free LUN, or the one asked for if it is free", () => {
  const { state: one } = assignDisk(state(), "free", "mail", {});
  assert.deepEqual(one.disks[1]!.assignments, [{ target: "mail", lun: 1, readOnly: false }]);
  const { state: two } = assignDisk(state(), "free", "mail", { lun: 16383, readOnly: true });
  assert.deepEqual(two.disks[1]!.assignments, [{ target: "mail", lun: 16383, readOnly: true }]);
  refuses("in-use", () => assignDisk(state(), "free", "mail", { lun: 0 }), /LUN 0.*disk d0/);
  for (const lun of [-1, 16384, 1.5, NaN]) {
    refuses("usage", () => assignDisk(state(), "free", "mail", { lun }), /not a LUN/);
  }
  refuses("not-found", () => assignDisk(state(), "nix", "mail", {}), /no disk "nix"/);
  refuses("not-found", () => assignDisk(state(), "free", "nix", {}), /no target "nix"/);
});

Deno.test("assignDisk gives one disk to one target, unless it is shared", () => {
  refuses("in-use", () => assignDisk(state(), "d0", "web", {}), /belongs to target mail/);
  refuses("in-use", () => assignDisk(state(), "free", "web", {}), /admits 2 initiators.*--shared/);
  const { state: after } = assignDisk(state(), "d0", "web", { shared: true });
  assert.deepEqual(after.disks[0]!.assignments.map(({ target }) => target), ["mail", "web"]);
  const { state: readOnly } = assignDisk(state(), "free", "web", { readOnly: true });
  assert.equal(readOnly.disks[1]!.assignments.length, 1);
});

Deno.test("assignDisk changes what an assignment allows, and not its LUN", () => {
  const { state: after } = assignDisk(state(), "d0", "mail", { readOnly: true });
  assert.deepEqual(after.disks[0]!.assignments, [{ target: "mail", lun: 0, readOnly: true }]);
  refuses("in-use", () => assignDisk(state(), "d0", "mail", { lun: 3 }), /LUN 0.*unassign/);
});

Deno.test("assignDisk warns of a target that admits any initiator", () => {
  const { state: open } = allow(createTarget(state(), { name: "open" }).state, "open", ["any"]);
  assert.match(assignDisk(open, "free", "open", {}).notices.join(), /any initiator/);
  assert.deepEqual(assignDisk(open, "free", "open", { shared: true }).notices, []);
});

Deno.test("unassignDisk refuses while sessions are open, unless forced", () => {
  const asked = { disk: "d0", target: "mail" };
  refuses("in-use", () => unassignDisk(state(), asked, BUSY), /2 sessions.*--force/);
  for (const target of ["mail", undefined]) {
    const { state: after } = unassignDisk(state(), { disk: "d0", target, force: true }, BUSY);
    assert.deepEqual(after.disks[0]!.assignments, []);
  }
  refuses("not-found", () => unassignDisk(state(), { disk: "free" }, UNUSED), /not assigned/);
  const wrong = { disk: "d0", target: "web" };
  refuses("not-found", () => unassignDisk(state(), wrong, UNUSED), /not assigned to target web/);
});

Deno.test("moveDisk leaves one target for another, and keeps what was allowed", () => {
  const refused = () => moveDisk(state(), "d0", "web", {}, BUSY);
  refuses("in-use", refused, /target mail has 2 sessions.*--force/);
  const { state: readOnly } = assignDisk(state(), "d0", "mail", { readOnly: true });
  const { state: moved } = moveDisk(readOnly, "d0", "web", { lun: 5, force: true }, BUSY);
  assert.deepEqual(moved.disks[0]!.assignments, [{ target: "web", lun: 5, readOnly: true }]);
  refuses("in-use", () => moveDisk(state(), "d0", "web", {}, UNUSED), /admits 2 initiators/);
  refuses("in-use", () => moveDisk(state(), "d0", "mail", {}, UNUSED), /LUN 0 of target mail alr/);
  refuses("not-found", () => moveDisk(state(), "free", "mail", {}, UNUSED), /any target; .*assign/);
  refuses("not-found", () => moveDisk(state(), "d0", "nix", {}, UNUSED), /no target "nix"/);
});

Deno.test("moveDisk wants to know which target a disk with several is to leave", () => {
  const both = assignDisk(state(), "d0", "web", { shared: true }).state;
  const three = createTarget(both, { name: "third", allow: ["any"] }).state;
  refuses("usage", () => moveDisk(three, "d0", "third", {}, UNUSED), /mail, web.*--from/);
  const { state: after } = moveDisk(three, "d0", "third", { from: "mail" }, UNUSED);
  assert.deepEqual(after.disks[0]!.assignments.map(({ target }) => target), ["web", "third"]);
  const elsewhere = () => moveDisk(three, "d0", "web", { from: "third" }, UNUSED);
  refuses("not-found", elsewhere, /not assigned to target third/);
});

Deno.test("setDisk changes a name, a description, and how the disk may be used", () => {
  const changes = { name: "mail-data", description: " of 2026 ", readOnly: true };
  const disk = setDisk(state(), "d0", changes).state.disks[0]!;
  assert.deepEqual([disk.name, disk.description], ["mail-data", "of 2026"]);
  assert.deepEqual(disk.assignments, [{ target: "mail", lun: 0, readOnly: true }]);
  refuses("in-use", () => setDisk(state(), "d0", { name: "free" }), /a disk free already/);
  refuses("usage", () => setDisk(state(), "d0", { name: ".." }), /cannot name a disk/);
  refuses(
    "not-found",
    () => setDisk(state(), "free", { readOnly: true }),
    /no target.*--read-only/,
  );
});

Deno.test("setDisk takes the sharing back only where one initiator is left", () => {
  const both = assignDisk(state(), "d0", "web", { shared: true }).state;
  refuses("in-use", () => setDisk(both, "d0", { shared: false }), /belongs to target web/);
  const alone = unassignDisk(both, { disk: "d0", target: "mail" }, UNUSED).state;
  refuses("in-use", () => setDisk(alone, "d0", { shared: false }), /admits 2 initiators/);
  const { state: after } = setDisk(alone, "d0", { shared: false, readOnly: true });
  assert.equal(after.disks[0]!.shared, false);
  refuses("in-use", () => setDisk(after, "d0", { readOnly: false }), /admits 2 initiators/);
});

Deno.test("removeDisk refuses a disk that has a target", () => {
  refuses("in-use", () => removeDisk(state(), "d0"), /LUN 0 of target mail.*unassign/);
  assert.deepEqual(removeDisk(state(), "free").state.disks.map(({ name }) => name), ["d0"]);
});

Deno.test("planDisk names what cannot be made", () => {
  const size = 1 << 20;
  refuses("usage", () => planDisk({ size }), /either a file or in memory/);
  refuses("usage", () => planDisk({ path: "/a.vhd", memory: "a", size }), /either/);
  refuses("usage", () => planDisk({ path: "/a.txt", size }), /\.vhd/);
  refuses("usage", () => planDisk({ path: "/constructor.constructor", size }), /\.vhd/);
  for (const bad of [0, -512, 511, 1000, NaN, Infinity, 2 ** 60]) {
    refuses("usage", () => planDisk({ memory: "a", size: bad }), /whole blocks|not whole/);
  }
  const base = { memory: "a", size };
  refuses("usage", () => planDisk({ ...base, logicalBlockLength: 1024 }), /512 or 4096/);
  const upsideDown = { ...base, logicalBlockLength: 4096, physicalBlockLength: 512 };
  refuses("usage", () => planDisk(upsideDown), /cannot hold/);
  refuses("usage", () => planDisk({ ...base, size: 512, logicalBlockLength: 4096 }), /4096/);
});

Deno.test("planDisk and planImport give a disk the blocks asked for, physical ones not smaller", () => {
  const found = { format: "raw", size: 1 << 20, sparse: false, uuid: undefined } as const;
  const table: [asked: BlockLengths, logical: number, physical: number][] = [
    [{}, 512, 512],
    [{ physicalBlockLength: 4096 }, 512, 4096],
    [{ logicalBlockLength: 4096 }, 4096, 4096],
    [{ logicalBlockLength: 512, physicalBlockLength: 512 }, 512, 512],
  ];
  for (const [asked, logical, physical] of table) {
    const plans = [
      planDisk({ memory: "a", size: 1 << 20, ...asked }),
      planImport(state(), { path: "/e/x.img", ...asked }, found),
    ];
    for (const { logicalBlockLength, physicalBlockLength } of plans) {
      assert.deepEqual([logicalBlockLength, physicalBlockLength], [logical, physical]);
    }
  }
});

Deno.test("declareDisk refuses a name or a file that is a disk already", () => {
  const again = planDisk({ path: "/d/d0.vhd", size: 512, name: "again" });
  refuses("in-use", () => declareDisk(state(), again), /disk d0 already/);
  const other = planDisk({ path: "/e/d0.vhd", size: 512 });
  refuses("in-use", () => declareDisk(state(), other), /--name/);
  const bad = planDisk({ memory: "..", size: 512 });
  refuses("usage", () => declareDisk(state(), bad), /cannot name a disk/);
});

Deno.test("planImport gives a copy of a disk that is here an identity of its own", () => {
  const before = state();
  const { uuid } = before.disks[0]!;
  const found = { format: "vhd", size: 1 << 20, sparse: false } as const;
  const copy = planImport(before, { path: "/e/copy.vhd" }, { ...found, uuid });
  assert.notEqual(copy.uuid, uuid);
  const fresh = crypto.randomUUID();
  assert.equal(planImport(before, { path: "/e/x.vhd" }, { ...found, uuid: fresh }).uuid, fresh);
  const odd = { ...found, format: "raw", size: 1000, uuid: undefined } as const;
  refuses("failed", () => planImport(before, { path: "/e/x.img" }, odd), /whole blocks.*zeros/);
  const large = { path: "/e/x.img", logicalBlockLength: 4096 };
  const small = { ...odd, size: 4096 + 512 };
  refuses("failed", () => planImport(before, large, small), /of 4096.*with blocks of 512/);
});

Deno.test("planExtension takes more, or so much in all, and never less", () => {
  const disk = state().disks[0]!;
  assert.equal(planExtension(disk, 1 << 20, { by: 512 }), (1 << 20) + 512);
  assert.equal(planExtension(disk, 1 << 20, { to: 2 << 20 }), 2 << 20);
  refuses("usage", () => planExtension(disk, 1 << 20, {}), /--by.*--to/);
  refuses("usage", () => planExtension(disk, 1 << 20, { by: 512, to: 2 << 20 }), /--by.*--to/);
  for (const extension of [{ to: 1 << 20 }, { to: 512 }, { by: 0 }, { by: -512 }]) {
    refuses("usage", () => planExtension(disk, 1 << 20, extension), /never shrinks/);
  }
  for (const by of [1, 511, 2 ** 60, NaN]) {
    refuses("usage", () => planExtension(disk, 1 << 20, { by }), /not whole blocks of 512/);
  }
  const large = { ...disk, logicalBlockLength: 4096 as const };
  refuses("usage", () => planExtension(large, 1 << 20, { by: 512 }), /blocks of 4096/);
});

Deno.test("planDisk and planExtension say what to do where a VHD would be too large", () => {
  const [most, too] = [2040 * 2 ** 30, 3000 * 2 ** 30];
  const more = /cannot have 3221225472000 octets: 2,040 GiB .*; give 2040G at most, or .*\.img/;
  refuses("usage", () => planDisk({ path: "/a.vhd", size: too }), more);
  assert.equal(planDisk({ path: "/a.vhd", size: most }).size, most);
  assert.equal(planDisk({ path: "/a.img", size: too }).size, too);
  const vhd = planDisk({ path: "/a.vhd", size: 1 << 20 });
  refuses("usage", () => planExtension(vhd, 1 << 20, { to: too }), more);
  assert.equal(planExtension(vhd, 1 << 20, { to: most }), most);
});
