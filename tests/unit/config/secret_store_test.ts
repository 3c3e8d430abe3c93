/** The state and its secrets as two files that are changed as one. */
import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { clearChap, setChap, setReverseChap } from "../../../lib/config/operations/chap.ts";
import { createTarget } from "../../../lib/config/operations/create_target.ts";
import { declaredBy } from "../../../lib/config/operations/outcome.ts";
import { emptyState } from "../../../lib/config/schema.ts";
import { type Declared, NO_SECRETS } from "../../../lib/config/secret_book.ts";
import { StateStore } from "../../../lib/config/store.ts";

const UNUSED = { sessionsOf: () => 0 };
const FIRST = "canary-number-01";
const SECOND = "canary-number-02";
const THIRD = "canary-number-03";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function plain(): Declared {
  let state = emptyState("iqn.2026-11.io.sanctl:host");
  for (const name of ["mail", "web"]) ({ state } = createTarget(state, { name, allow: ["any"] }));
  return { state, secrets: NO_SECRETS };
}

function withChap(before: Declared, target: string | undefined, secret: string): Declared {
  return declaredBy(setChap(before, target, { user: "ada", secret }, UNUSED), before.secrets);
}

function withReverse(before: Declared, target: string, secret: string): Declared {
  return declaredBy(setReverseChap(before, target, { user: "s", secret }), before.secrets);
}

/** Two targets with CHAP, one of them mutual. */
function guarded(): Declared {
  return withReverse(withChap(withChap(plain(), "mail", FIRST), "web", SECOND), "mail", THIRD);
}

/** The state and its secrets in a form that two of them can be compared by. */
function textOf({ state, secrets }: Declared): string {
  const known = [...secrets].map(([reference, secret]) => [reference, secret.reveal().text]);
  return JSON.stringify([state, known.toSorted()]);
}

function isFailure(kind: string, text: RegExp) {
  return (error: unknown): boolean => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, text);
    for (let each: unknown = error; each instanceof Error; each = each.cause) {
      const said = `${each.message} ${each.stack} ${JSON.stringify(each)}`;
      for (const secret of [FIRST, SECOND, THIRD]) assert(!said.includes(secret), said);
    }
    return true;
  };
}

Deno.test("B-17: secrets are in a file of their own, the user's alone whatever the umask", () =>
  inDirectory(async (directory) => {
    const umask = Deno.umask(0);
    try {
      await new StateStore(directory).save(guarded());
    } finally {
      Deno.umask(umask);
    }
    for (const name of ["state.yaml", "secrets.yaml"]) {
      assert.equal((await Deno.stat(`${directory}/${name}`)).mode! & 0o777, 0o600);
    }
    assert.doesNotMatch(await Deno.readTextFile(`${directory}/state.yaml`), /canary/);
    const kept = await Deno.readTextFile(`${directory}/secrets.yaml`);
    assert.equal(kept.match(/canary/g)?.length, 3);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
    assert.deepEqual(names.toSorted(), ["secrets.yaml", "state.yaml"]);
  }));

Deno.test("B-41: what was saved is loaded with its secrets, awkward ones too", () =>
  inDirectory(async (directory) => {
    const awkward = [
      "012345678901",
      "NO: # & * ! | >",
      "'\"\\ %@`{}[]?!",
      "~null~ false ",
      "1e308",
    ];
    for (const secret of awkward) {
      const declared = withChap(plain(), undefined, secret.padEnd(12, " "));
      await new StateStore(directory).save(declared);
      assert.equal(textOf(await new StateStore(directory).loadAll()), textOf(declared));
    }
  }));

Deno.test("StateStore: a server without secrets has no file of them", () =>
  inDirectory(async (directory) => {
    await new StateStore(directory).save(plain());
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["state.yaml"]);
    assert.equal((await new StateStore(directory).loadAll()).secrets.size, 0);
  }));

Deno.test("StateStore: a secret that nothing refers to any more is forgotten with the change", () =>
  inDirectory(async (directory) => {
    const store = new StateStore(directory);
    const before = guarded();
    await store.save(before);
    const outcome = clearChap(before.state, "mail");
    await store.save(declaredBy(outcome, before.secrets));
    const kept = await Deno.readTextFile(`${directory}/secrets.yaml`);
    assert.deepEqual(kept.match(/canary.*/g), [SECOND]);
  }));

/** Runs `action` with the machine failing at the `at`th file operation that changes anything. */
async function crashingAt(at: number, action: () => Promise<void>): Promise<boolean> {
  const real = { open: Deno.open, rename: Deno.rename, remove: Deno.remove };
  let count = 0;
  function broken<T extends unknown[], R>(operation: (...values: T) => R) {
    return (...values: T): R => {
      // Once it has failed, nothing more is done: that is what a crash is.
      if (++count >= at) throw new Error("the machine is gone");
      return operation(...values);
    };
  }
  Deno.open = broken(real.open);
  Deno.rename = broken(real.rename);
  Deno.remove = broken(real.remove);
  try {
    await action();
    return false;
  } catch (error) {
    if (!/the machine is gone/.test(String(error))) throw error;
    return true;
  } finally {
    Object.assign(Deno, real);
  }
}

Deno.test("B-17: a crash at any step leaves the state from before or the new one, with its secrets", () =>
  inDirectory(async (scratch) => {
    const before = guarded();
    const after = withChap(
      declaredBy(clearChap(before.state, "mail"), before.secrets),
      "web",
      "canary-number-04",
    );
    const seen = new Set<string>();
    let crashed = true, steps = 0;
    for (let at = 1; crashed; at++) {
      const directory = `${scratch}/${at}`;
      const store = new StateStore(directory);
      await store.save(before);
      await store.loadAll();
      crashed = await crashingAt(at, () => store.save(after));
      const found = textOf(await new StateStore(directory).loadAll());
      assert([textOf(before), textOf(after)].includes(found), `step ${at}`);
      seen.add(found);
      // The next change heals what was left behind.
      const next = new StateStore(directory);
      const loaded = await next.loadAll();
      await next.save(loaded);
      const kept = await Deno.readTextFile(`${directory}/secrets.yaml`);
      assert.equal(kept.match(/canary/g)?.length, loaded.secrets.size, `step ${at}`);
      steps++;
    }
    assert.equal(seen.size, 2);
    assert(steps > 6, `${steps} steps`);
  }));

Deno.test("B-17: a file of secrets that others can read or write is refused, with how to mend it", () =>
  inDirectory(async (directory) => {
    await new StateStore(directory).save(guarded());
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o666]) {
      await Deno.chmod(`${directory}/secrets.yaml`, mode);
      const store = new StateStore(directory);
      await assert.rejects(store.loadAll(), isFailure("permission", /open to others/));
    }
    await Deno.chmod(`${directory}/secrets.yaml`, 0o600);
    await new StateStore(directory).loadAll();
  }));

Deno.test("B-17: a file of secrets that is not whole is refused, and none of it is repeated", () =>
  inDirectory(async (directory) => {
    await new StateStore(directory).save(guarded());
    const path = `${directory}/secrets.yaml`;
    const text = await Deno.readTextFile(path);
    for (let length = 0; length < text.length - 1; length += 3) {
      await Deno.writeTextFile(path, text.slice(0, length));
      const store = new StateStore(directory);
      await assert.rejects(store.loadAll(), isFailure("failed", /secrets\.yaml cannot be used: /));
    }
    const cases: [RegExp, string][] = [
      [/not YAML/, text.replace(FIRST, `"${FIRST}`)],
      [/not YAML/, text.replace(FIRST, `!${FIRST} x`)],
      [/not YAML/, text.replace(FIRST, `*${FIRST}`)],
      [/what sanctl wrote/, text.replace(FIRST, `[${FIRST}]`)],
      [/what sanctl wrote/, text.replace("secrets:", `${FIRST}: 1\nsecrets:`)],
      [/CHAP of target \w+ has 5 octets/, text.replace(FIRST, "short")],
      [/CHAP of target \w+ has 26 octets/, text.replace(FIRST, `${FIRST}0123456789`)],
      [/secret for .*CHAP of target \w+ is missing/, text.replace(/^.*canary-number-03\n/m, "")],
      [/have the same secret/, text.replace(FIRST, THIRD)],
    ];
    for (const [expected, changed] of cases) {
      assert.notEqual(changed, text, String(expected));
      await Deno.writeTextFile(path, changed);
      const store = new StateStore(directory);
      await assert.rejects(store.loadAll(), isFailure("failed", expected), String(expected));
      assert.equal(await Deno.readTextFile(path), changed, "it is left as it is");
    }
    await Deno.remove(path);
    const store = new StateStore(directory);
    await assert.rejects(store.loadAll(), isFailure("failed", /is missing/));
  }));

Deno.test("StateStore: a state whose references do not fit is refused", () =>
  inDirectory(async (directory) => {
    await new StateStore(directory).save(guarded());
    const path = `${directory}/state.yaml`;
    const text = await Deno.readTextFile(path);
    const [first, second] = [...text.matchAll(/secret: (\S+)/g)].map(([, reference]) => reference!);
    const cases: [RegExp, string][] = [
      [/is there twice/, text.replaceAll(first!, second!)],
      [/reverse CHAP goes with CHAP alone/, text.replace(/ {4}chap:\n(?: {6}.*\n)+/, "")],
      [/chap\.user/, text.replace("user: ada", 'user: ""')],
      [/chap\.algorithms/, text.replace("- md5", "- md4")],
    ];
    for (const [expected, changed] of cases) {
      assert.notEqual(changed, text, String(expected));
      await Deno.writeTextFile(path, changed);
      await assert.rejects(new StateStore(directory).load(), isFailure("failed", expected));
    }
  }));
