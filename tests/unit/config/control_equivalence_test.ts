/**
 * A command must do the same whether a service runs or not, and whether it is near or behind the
 * API.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Control, ControlError } from "../../../lib/config/control.ts";
import { OfflineKeeper } from "../../../lib/config/offline.ts";
import type { DeclaredState } from "../../../lib/config/schema.ts";
import { Service } from "../../../lib/config/service.ts";
import { StateControl } from "../../../lib/config/state_control.ts";
import { StateStore } from "../../../lib/config/store.ts";
import { silentLogger } from "../../../lib/runtime/logger.ts";
import { systemRandom } from "../../../lib/runtime/random.ts";
import { createApp } from "../../../lib/status/app.ts";
import { ControlClient } from "../../../lib/status/client.ts";
import { DEFAULT_LIMITS } from "../../../lib/target/limits.ts";
import { TargetNode } from "../../../lib/target/node.ts";
import { TestClock } from "../../support/test_clock.ts";
import { appExchange } from "../status/app_exchange.ts";
import { MemoryDiskFiles } from "./memory_disk_files.ts";

type Operation = (control: Control) => Promise<unknown>;

const target = fc.constantFrom("a", "b", "c", "Bad", "..");
const disk = fc.constantFrom("d", "e", "f", "con");
const id = fc.constantFrom(
  "any",
  "iqn:iqn.2026-01.com.example:ada",
  "iqn.2026-01.com.example:BOB",
  "ada",
);
const ids = fc.array(id, { maxLength: 2 });
const lun = fc.option(fc.constantFrom(0, 1, 16383, 16384, -1, 0.5), { nil: undefined });
const flag = fc.option(fc.boolean(), { nil: undefined });
const description = fc.option(fc.constantFrom("", "NO", "a\nb", " padded "), { nil: undefined });
const blockLength = fc.option(fc.constantFrom(512, 4096, 1024), { nil: undefined });
const scope = fc.option(fc.constantFrom("a", "b"), { nil: undefined });
const user = fc.constantFrom("ada", "", "a\nb");
const secret = fc.constantFrom(
  "twelve chars",
  "sixteen octets!!",
  "too short",
  "more than sixteen octets",
  "a line\nand another",
);
const algorithms = fc.option(fc.subarray(["sha256", "md5", "sha4"]), { nil: undefined });
const path = fc.constantFrom("/d/d.vhd", "/d/e.img", "/d/there.img", "relative.vhd", "/d/x.txt");

function operation<T extends unknown[]>(
  name: string,
  values: { [K in keyof T]: fc.Arbitrary<T[K]> },
  run: (control: Control, ...values: T) => Promise<unknown>,
): fc.Arbitrary<{ name: string; values: unknown[]; run: Operation }> {
  return fc.tuple(...values).map((drawn) => ({
    name,
    values: drawn,
    run: (control) => run(control, ...drawn as T),
  }));
}

const operations = fc.oneof(
  operation(
    "createTarget",
    [target, ids, description] as const,
    (control, name, allow, description) => control.createTarget({ name, allow, description }),
  ),
  operation(
    "setTarget",
    [target, fc.option(target, { nil: undefined }), flag],
    (control, from, name, force) =>
      control.setTarget(from, { name, iqn: force ? "iqn.2026-01.com.example:x" : undefined }, {
        force,
      }),
  ),
  operation(
    "deleteTarget",
    [target, flag],
    (control, name, force) => control.deleteTarget(name, { force }),
  ),
  operation("allow", [target, ids], (control, name, ids) => control.allow(name, ids)),
  operation("deny", [target, ids], (control, name, ids) => control.deny(name, ids)),
  operation(
    "setChap",
    [scope, user, secret, flag, algorithms],
    (control, target, user, secret, longSecret, algorithms) =>
      control.setChap(target, { user, secret, longSecret, algorithms }),
  ),
  operation(
    "setReverseChap",
    [scope, user, secret, flag],
    (control, target, user, secret, longSecret) =>
      control.setReverseChap(target, { user, secret, longSecret }),
  ),
  operation("clearChap", [scope], (control, target) => control.setChap(target, undefined)),
  operation(
    "clearReverseChap",
    [scope],
    (control, target) => control.setReverseChap(target, undefined),
  ),
  operation(
    "setLimits",
    [fc.constantFrom("targets", "disks", "bogus"), fc.constantFrom(1, 2, 4096, 0, null)],
    (control, name, value) => control.setLimits({ [name]: value }),
  ),
  operation("limits", [], (control) => control.limits()),
  operation("sessions", [target], (control, name) => control.sessions(name)),
  operation(
    "disconnect",
    [fc.option(target, { nil: undefined }), flag, fc.option(fc.constant("7"), { nil: undefined })],
    (control, target, all, id) =>
      control.disconnect({ target, all, ids: id === undefined ? id : [id] }, { waitSeconds: 31 }),
  ),
  operation(
    "createDisk mem",
    [disk, fc.constantFrom(512, 4096, 1000, 0), fc.option(target, { nil: undefined }), flag],
    (control, memory, size, target, shared) =>
      control.createDisk({ memory, size, target, shared, removable: shared }),
  ),
  operation(
    "createDisk file",
    [
      path,
      fc.option(disk, { nil: undefined }),
      fc.option(target, { nil: undefined }),
      flag,
      blockLength,
    ],
    (control, path, name, target, sparse, logicalBlockLength) =>
      control.createDisk({ path, name, size: 1 << 20, target, sparse, logicalBlockLength }),
  ),
  operation(
    "importDisk",
    [path, fc.option(disk, { nil: undefined }), blockLength],
    (control, path, name, logicalBlockLength) =>
      control.importDisk({ path, name, logicalBlockLength }),
  ),
  operation(
    "assignDisk",
    [disk, target, lun, flag, flag],
    (control, name, to, lun, readOnly, shared) =>
      control.assignDisk(name, to, { lun, readOnly, shared }),
  ),
  operation(
    "unassignDisk",
    [disk, fc.option(target, { nil: undefined }), flag],
    (control, name, from, force) => control.unassignDisk(name, from, { force }),
  ),
  operation(
    "extendDisk",
    [
      disk,
      fc.option(fc.constantFrom(512, 4096, 1 << 20, 0, -512, 100, 2 ** 60), { nil: undefined }),
      fc.option(fc.constantFrom(512, 2 << 20, 3 << 20), { nil: undefined }),
    ],
    (control, name, by, to) => control.extendDisk(name, { by, to }),
  ),
  operation(
    "setDisk",
    [disk, fc.option(disk, { nil: undefined }), description, flag, flag],
    (control, from, name, description, shared, readOnly) =>
      control.setDisk(from, { name, description, shared, readOnly }),
  ),
  operation(
    "moveDisk",
    [disk, target, fc.option(target, { nil: undefined }), lun],
    (control, name, to, from, lun) => control.moveDisk(name, to, { from, lun }),
  ),
  operation(
    "addPortal",
    [
      fc.constantFrom("192.0.2.1", "::", "2001:DB8::1", "localhost"),
      fc.constantFrom(3260, 3261, 0),
      fc.option(fc.constantFrom(1, 2, 0), { nil: undefined }),
      fc.option(fc.constantFrom("SAN.example:1", "x:y"), { nil: undefined }),
    ],
    (control, address, port, group, advertise) =>
      control.addPortal({ address, port, group, advertise }),
  ),
  operation(
    "setPortal",
    [
      fc.constantFrom("192.0.2.1", "::", "2001:db8::1"),
      fc.constantFrom(3260, 3261),
      fc.option(fc.constantFrom(3260, 3261), { nil: undefined }),
      fc.option(fc.constantFrom("[::1]:1", null), { nil: undefined }),
    ],
    (control, address, from, port, advertise) =>
      control.setPortal({ address, port: from }, { port, advertise }),
  ),
  operation(
    "removePortal",
    [fc.constantFrom("192.0.2.1", "::", "2001:db8::1"), fc.constantFrom(3260, 3261)],
    (control, address, port) => control.removePortal({ address, port }),
  ),
  operation("listPortals", [], (control) => control.listPortals()),
  operation(
    "removeDisk",
    [disk, flag],
    (control, name, deleteFile) => control.removeDisk(name, { deleteFile }),
  ),
  operation(
    "apply",
    [target, disk, path, lun, flag, flag],
    (control, target, disk, path, lun, prune, dryRun) =>
      control.apply(
        {
          targets: [{
            name: target,
            allow: ["any"],
            luns: [{ disk, ...lun === undefined ? {} : { lun } }],
          }],
          disks: [
            { name: disk, path, size: "1M", ...prune === undefined ? {} : { sparse: prune } },
            { name: "g", format: "mem", size: "1M" },
          ],
        },
        { prune, dryRun },
      ),
  ),
  operation(
    "export",
    [fc.option(target, { nil: undefined }), flag],
    (control, target, secrets) =>
      control.export({ targets: target === undefined ? undefined : [target], secrets }),
  ),
  operation("showDisk", [disk], (control, name) => control.showDisk(name)),
  operation("showTarget", [target], (control, name) => control.showTarget(name)),
);

interface World {
  readonly control: Control;
  readonly directory: string;
  readonly files: MemoryDiskFiles;
  stop(): Promise<void>;
}

async function offline(): Promise<World> {
  const directory = await Deno.makeTempDir();
  const files = new MemoryDiskFiles();
  files.put("/d/there.img");
  const control = new StateControl(new OfflineKeeper(directory, files));
  return { control, directory, files, stop: () => control.close() };
}

async function running(behindApi: boolean): Promise<World> {
  const directory = await Deno.makeTempDir();
  const files = new MemoryDiskFiles();
  files.put("/d/there.img");
  const node = new TargetNode({
    limits: DEFAULT_LIMITS,
    clock: new TestClock(),
    random: systemRandom,
    logger: silentLogger,
  });
  const service = await Service.start({ directory, node, files });
  const app = createApp({ control: service.control, access: "full", logger: silentLogger });
  const client = new ControlClient("here", appExchange(app), { isPrivate: true });
  const control = behindApi ? client : service.control;
  return { control, directory, files, stop: () => service.stop() };
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const LEFT_OUT = ["state", "counters", "digest"];

/**
 * What came of an operation, without what must differ: identities, and what only a service knows.
 */
async function outcomeOf(operation: Operation, control: Control): Promise<unknown> {
  try {
    const text = JSON.stringify(
      await operation(control),
      (key, value) => LEFT_OUT.includes(key) ? "" : value,
    );
    return { done: text.replaceAll(UUID, "UUID") };
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const { kind, message, nextStep, place } = error;
    return { kind, message, nextStep, place };
  }
}

/** What is declared, with the secrets themselves in the place of what refers to them. */
async function declared({ directory }: World): Promise<DeclaredState> {
  const { state, secrets } = await new StateStore(directory).loadAll();
  const text = JSON.stringify(
    { ...state, disks: state.disks.map((disk) => ({ ...disk, uuid: "" })) },
    (key, value) => key === "secret" ? secrets.get(value)!.reveal().text : value,
  );
  return JSON.parse(text);
}

Deno.test("operations do the same offline, in the service and through its API", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { minLength: 4, maxLength: 16 }), async (sequence) => {
      const worlds = [await offline(), await running(false), await running(true)] as const;
      try {
        for (const { name, run } of sequence) {
          const [first, ...others] = await Promise.all(
            worlds.map(({ control }) => outcomeOf(run, control)),
          );
          for (const other of others) assert.deepEqual(other, first, name);
        }
        const [first, ...others] = await Promise.all(worlds.map(declared));
        for (const other of others) assert.deepEqual(other, first);
        const files = worlds.map(({ files }) => [...files.found.keys()].sort());
        for (const other of files) assert.deepEqual(other, files[0]);
      } finally {
        for (const { stop, directory } of worlds) {
          await stop();
          await Deno.remove(directory, { recursive: true });
        }
      }
    }),
    { numRuns: 40 },
  );
});
