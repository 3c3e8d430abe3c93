import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { assignDisk } from "../../../lib/config/operations/assign_disk.ts";
import { createTarget } from "../../../lib/config/operations/create_target.ts";
import { declareDisk, planDisk } from "../../../lib/config/operations/declare_disk.ts";
import { type DeclaredState, emptyState } from "../../../lib/config/schema.ts";
import { type Declared, NO_SECRETS } from "../../../lib/config/secret_book.ts";
import { StateStore } from "../../../lib/config/store.ts";

const BASE = "iqn.2026-11.io.sanctl:host";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A state with a bit of everything. */
function someState(): DeclaredState {
  let state = emptyState(BASE);
  const allow = ["iqn.1991-05.com.microsoft:mail1"];
  ({ state } = createTarget(state, { name: "mail", description: "NO", allow }));
  ({ state } = createTarget(state, { name: "012", description: "1e3: # *a &b !c" }));
  const plan = planDisk({ path: "/srv/disks/mail.vhd", size: 1 << 30, physicalBlockLength: 4096 });
  ({ state } = declareDisk(state, plan, "mail"));
  ({ state } = declareDisk(state, planDisk({ memory: "1e3", size: 512, shared: true }), "mail"));
  ({ state } = assignDisk(state, "1e3", "012", { lun: 7, readOnly: true }));
  return state;
}

function plain(state: DeclaredState): Declared {
  return { state, secrets: NO_SECRETS };
}

function isFailure(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, text);
    assert.notEqual(error.nextStep, undefined);
    return true;
  };
}

Deno.test("B-41: StateStore loads what it saved, awkward strings and all", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    const state = someState();
    await store.save(plain(state));
    assert.deepEqual(await new StateStore(directory).load(), state);
  }));

Deno.test("StateStore answers the state of an unconfigured server where there is no file", () =>
  inDirectory(async (directory) => {
    const state = await new StateStore(`${directory}/new`).load();
    assert.deepEqual([state.targets, state.disks], [[], []]);
    assert.match(state.iqnBase, /^iqn\.2026-11\.io\.sanctl:/);
  }));

Deno.test("B-17: the state file and its directory are the user's alone, whatever the umask", () =>
  inDirectory(async (directory) => {
    const umask = Deno.umask(0);
    try {
      await new StateStore(`${directory}/state`).save(plain(someState()));
    } finally {
      Deno.umask(umask);
    }
    assert.equal((await Deno.stat(`${directory}/state`)).mode! & 0o777, 0o700);
    assert.equal((await Deno.stat(`${directory}/state/state.yaml`)).mode! & 0o777, 0o600);
  }));

Deno.test("B-17: a state file that others can read or write is refused, with how to mend it", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    await store.save(plain(someState()));
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o666]) {
      await Deno.chmod(`${directory}/state.yaml`, mode);
      await assert.rejects(store.load(), isFailure("permission", /open to others/));
    }
    await Deno.chmod(`${directory}/state.yaml`, 0o600);
    await store.load();
  }));

Deno.test("B-41: a state file cut short at any octet is refused by name, and left as it is", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    await store.save(plain(someState()));
    const path = `${directory}/state.yaml`;
    const whole = await Deno.readFile(path);
    // Without its final line feed alone the file is whole; an empty file is as short as can be.
    for (let length = 0; length < whole.length - 1; length++) {
      Deno.writeFileSync(path, whole.subarray(0, length));
      await assert.rejects(store.load(), isFailure("failed", /state\.yaml cannot be used: /));
    }
    assert.deepEqual(await Deno.readFile(path), whole.subarray(0, whole.length - 2));
  }));

Deno.test("B-41: a state file with something else in it is refused, and told what", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    await store.save(plain(someState()));
    const path = `${directory}/state.yaml`;
    const text = await Deno.readTextFile(path);
    const cases: [RegExp, string][] = [
      [/iqnBase/, text.replace(BASE, "NO")],
      [/version/, text.replace("version: 1", "version: 2")],
      [/Unrecognized key/, text.replace("targets:", "extra: 1\ntargets:")],
      [/targets\.0\.name/, text.replace("- name: mail", "- name: ../mail")],
      [/disks\.0\.size/, text.replace(/size: \d+/, "size: NO")],
      [/disks\.0\.uuid/, text.replace(/uuid: .+/, "uuid: 012")],
      [/no target web/, text.replace("- target: mail", "- target: web")],
      [/is there twice/, text.replace('name: "012"', "name: mail")],
      [/not whole blocks/, text.replace(/size: \d+/, "size: 513")],
      [/tag/i, text.replace("version: 1", "version: !x 1")],
      [/unique/i, text.replace("version: 1", "version: 1\nversion: 1")],
      [/not UTF-8/, ""],
      [/more than/, `${"#".repeat(5 << 20)}\n...\n`],
    ];
    for (const [expected, changed] of cases) {
      assert.notEqual(changed, text);
      if (changed === "") await Deno.writeFile(path, Uint8Array.of(0xc3, 0x28));
      else await Deno.writeTextFile(path, changed);
      await assert.rejects(store.load(), isFailure("failed", expected), String(expected));
    }
  }));

Deno.test("StateStore.save takes no notice of what an interrupted save left behind", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    await Deno.writeTextFile(`${directory}/state.yaml.new`, "half a st", { mode: 0o644 });
    await store.save(plain(someState()));
    assert.equal((await Deno.stat(`${directory}/state.yaml`)).mode! & 0o777, 0o600);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    assert.deepEqual(names, ["state.yaml"]);
  }));

Deno.test("StateStore.save that fails says so and leaves what was saved before", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    const state = someState();
    await store.save(plain(state));
    // A directory in the way of the new file: nobody can write there, not even root.
    await Deno.mkdir(`${directory}/state.yaml.new/x`, { recursive: true });
    await assert.rejects(
      store.save(plain(emptyState(BASE))),
      isFailure("failed", /could not be written/),
    );
    assert.deepEqual(await store.load(), state);
  }));
