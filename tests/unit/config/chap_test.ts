import assert from "node:assert/strict";
import { ControlError, type ControlErrorKind, type NewChap } from "../../../lib/config/control.ts";
import {
  clearChap,
  clearReverseChap,
  setChap,
  setReverseChap,
} from "../../../lib/config/operations/chap.ts";
import { createTarget } from "../../../lib/config/operations/create_target.ts";
import { deleteTarget } from "../../../lib/config/operations/delete_target.ts";
import { declaredBy, type Outcome } from "../../../lib/config/operations/outcome.ts";
import { setTarget } from "../../../lib/config/operations/set_target.ts";
import { emptyState } from "../../../lib/config/schema.ts";
import { type Declared, NO_SECRETS, resolveSecret } from "../../../lib/config/secret_book.ts";

const UNUSED = { sessionsOf: () => 0 };
const BUSY = { sessionsOf: () => 2 };
const ADA: NewChap = { user: "ada", secret: "ada's own words!" };
const SERVER = { user: "server", secret: "the server's own" };

/** Targets `mail` and `web`, neither with CHAP. */
function plain(): Declared {
  let state = emptyState("iqn.2026-11.io.sanctl:host");
  for (const name of ["mail", "web"]) ({ state } = createTarget(state, { name, allow: ["any"] }));
  return { state, secrets: NO_SECRETS };
}

function after(before: Declared, ...operations: ((declared: Declared) => Outcome)[]): Declared {
  return operations.reduce((it, operation) => declaredBy(operation(it), it.secrets), before);
}

function mail(chap = ADA) {
  return (declared: Declared) => setChap(declared, "mail", chap, UNUSED);
}

function reverse(scope: string | undefined, chap = SERVER) {
  return (declared: Declared) => setReverseChap(declared, scope, chap);
}

function refuses(kind: ControlErrorKind, operation: () => unknown, text: RegExp): void {
  assert.throws(operation, (error: unknown) => {
    assert(error instanceof ControlError, String(error));
    assert.equal(error.kind, kind, error.message);
    const said = `${error.message}; ${error.nextStep}`;
    assert.match(said, text);
    for (const { secret } of [ADA, SERVER]) assert(!said.includes(secret), said);
    return true;
  });
}

Deno.test("setChap declares a user and, by reference, a secret, of a target or of discovery", () => {
  for (const scope of ["mail", undefined]) {
    const outcome = setChap(plain(), scope, ADA, UNUSED);
    const { state, secrets } = declaredBy(outcome, NO_SECRETS);
    const { chap } = scope === undefined ? state.discovery! : state.targets[0]!;
    assert.equal(chap!.user, "ada");
    assert.deepEqual(chap!.algorithms, ["sha3-256", "sha256", "sha1", "md5"]);
    assert.equal(resolveSecret(secrets, chap!.secret).reveal().text, ADA.secret);
    assert(!JSON.stringify(state).includes(ADA.secret));
    assert.deepEqual(outcome.notices, []);
  }
  refuses("not-found", () => setChap(plain(), "nobody", ADA, UNUSED), /sanctl target list/);
});

Deno.test("B-11: secrets have 12 to 16 octets, up to 255 where that is asked for", () => {
  const cases = [
    [11, false, /11 octets.*12 to 16/],
    [12, false, undefined],
    [16, false, undefined],
    [17, false, /17 octets.*--long-secret/],
    [11, true, /11 octets/],
    [17, true, undefined],
    [255, true, undefined],
    [256, true, /256 octets.*255 at most/],
    [0, false, /0 octets/],
  ] as const;
  for (const [length, longSecret, text] of cases) {
    const asked = { user: "ada", secret: "x".repeat(length), longSecret };
    if (text === undefined) setChap(plain(), "mail", asked, UNUSED);
    else refuses("usage", () => setChap(plain(), "mail", asked, UNUSED), text);
  }
  // Octets count, not characters.
  refuses("usage", () => mail({ user: "ada", secret: "éééééééé!" })(plain()), /17 octets/);
  refuses("usage", () => mail({ user: "ada", secret: "two\nlines are" })(plain()), /single line/);
});

Deno.test("B-11: a secret of less than 16 octets is warned of", () => {
  for (const [length, count] of [[12, 1], [15, 1], [16, 0]] as const) {
    const asked = { user: "ada", secret: "x".repeat(length) };
    assert.equal(setChap(plain(), "mail", asked, UNUSED).notices.length, count);
  }
});

Deno.test("setChap: a user name is a short line, and may look like anything else", () => {
  for (const user of ["0x41", "iqn.1991-05.com.microsoft:mail1", "5", "名前"]) {
    assert.equal(after(plain(), mail({ ...ADA, user })).state.targets[0]!.chap!.user, user);
  }
  for (const user of ["", "a\nb", "a\0b", "x".repeat(256)]) {
    refuses("usage", () => mail({ ...ADA, user })(plain()), /user name/);
  }
});

Deno.test("setChap: algorithms are those that are named, then those from before", () => {
  const chosen = after(plain(), mail({ ...ADA, algorithms: ["md5", "sha256"] }));
  assert.deepEqual(chosen.state.targets[0]!.chap!.algorithms, ["sha256", "md5"]);
  const renewed = after(chosen, mail());
  assert.deepEqual(renewed.state.targets[0]!.chap!.algorithms, ["sha256", "md5"]);
  refuses("usage", () => mail({ ...ADA, algorithms: ["sha4"] })(plain()), /sha3-256, sha256/);
  refuses("usage", () => mail({ ...ADA, algorithms: [] })(plain()), /no algorithm/);
});

Deno.test("setChap says which sessions are there without proof", () => {
  const { notices } = setChap(plain(), "mail", ADA, BUSY);
  assert.match(notices.join(), /^2 sessions open on mail stay .*disconnect --target mail$/);
});

Deno.test("setReverseChap goes with CHAP alone, and goes when it goes", () => {
  refuses("usage", () => reverse("mail")(plain()), /sanctl target chap mail/);
  refuses("usage", () => reverse(undefined)(plain()), /sanctl target chap --discovery/);
  const both = after(plain(), mail(), reverse("mail"));
  assert.equal(both.state.targets[0]!.reverseChap!.user, "server");
  assert.equal(both.secrets.size, 2);
  const outcome = clearChap(both.state, "mail");
  assert.match(outcome.notices.join(), /reverse CHAP is off with it/);
  assert.deepEqual(outcome.state, plain().state);
  assert.equal(declaredBy(outcome, both.secrets).secrets.size, 0);
  const one = after(both, ({ state }) => clearReverseChap(state, "mail"));
  assert.equal(one.secrets.size, 1);
  assert.notEqual(one.state.targets[0]!.chap, undefined);
});

Deno.test("B-09: no secret is for both directions, on whichever targets and in discovery", () => {
  const twin = { user: "server", secret: ADA.secret };
  refuses("usage", () => after(plain(), mail(), reverse("mail", twin)), /CHAP of target mail/);
  const web = (declared: Declared) => setChap(declared, "web", { ...ADA, ...SERVER }, UNUSED);
  refuses("usage", () => after(plain(), mail(), reverse("mail"), web), /CHAP of target web/);
  const discovery = (declared: Declared) => setChap(declared, undefined, ADA, UNUSED);
  refuses(
    "usage",
    () => after(plain(), mail(), discovery, reverse(undefined, twin)),
    /target mail/,
  );
  // One secret for two targets is the operator's choice.
  after(plain(), mail(), (declared) => setChap(declared, "web", ADA, UNUSED), discovery);
});

Deno.test("clearChap and clearReverseChap say where there is nothing to clear", () => {
  const { state } = plain();
  refuses("not-found", () => clearChap(state, "mail"), /target mail has no CHAP/);
  refuses("not-found", () => clearChap(state, undefined), /discovery has no CHAP/);
  refuses("not-found", () => clearReverseChap(state, "mail"), /no reverse CHAP/);
  refuses("not-found", () => clearReverseChap(state, "nobody"), /no target "nobody"/);
});

Deno.test("a secret goes with what referred to it, and stays with what is renamed", () => {
  const both = after(plain(), mail(), reverse("mail"));
  const renamed = after(both, ({ state }) => setTarget(state, "mail", { name: "post" }, UNUSED));
  assert.deepEqual(renamed.secrets, both.secrets);
  const anew = after(both, mail());
  assert.equal(anew.secrets.size, 2);
  assert.notEqual(anew.state.targets[0]!.chap!.secret, both.state.targets[0]!.chap!.secret);
  const gone = after(both, ({ state }) => deleteTarget(state, "mail", {}, UNUSED));
  assert.equal(gone.secrets.size, 0);
});
