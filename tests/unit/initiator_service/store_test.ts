import assert from "node:assert/strict";
import { ChapSecret } from "../../../lib/iscsi/chap/secret.ts";
import { ControlError } from "../../../lib/config/control_error.ts";
import {
  recordLogin,
  recordOpen,
  removePersistent,
} from "../../../lib/initiator_service/declared_changes.ts";
import { checkAccounts, declareAccounts } from "../../../lib/initiator_service/accounts.ts";
import { type DeclaredLogin, emptyInitiator } from "../../../lib/initiator_service/schema.ts";
import { InitiatorStore } from "../../../lib/initiator_service/store.ts";
import { withScratch } from "../../support/executable.ts";

const TARGET = "iqn.2026-01.org.example:mail";
const EMPTY = emptyInitiator("iqn.2026-01.org.example:host");

function login(changes: Partial<DeclaredLogin> = {}): DeclaredLogin {
  return {
    target: TARGET,
    multipath: true,
    connections: 1,
    headerDigest: false,
    dataDigest: true,
    paths: [
      { address: "192.168.1.1", port: 3260, isid: "800000000001" },
      { address: "192.168.2.1", port: 3260, isid: "800000000002", sourceAddress: "192.168.2.101" },
    ],
    ...changes,
  };
}

Deno.test("InitiatorStore keeps what is declared, secrets in a file of their own", async () => {
  await withScratch(async (folder) => {
    const store = new InitiatorStore(folder);
    const chap = { user: "host", secret: "a secret of ours" };
    const accounts = declareAccounts(checkAccounts({ chap }));
    const state = recordLogin(EMPTY, login(accounts.declared));
    await store.save({ state, secrets: accounts.secrets });
    const loaded = await new InitiatorStore(folder).loadAll();
    assert.deepEqual(loaded.state, state);
    assert.equal([...loaded.secrets.values()][0]!.reveal().text, chap.secret);
    assert.ok(!(await Deno.readTextFile(`${folder}/initiator.yaml`)).includes(chap.secret));
    for (const file of ["initiator.yaml", "secrets.yaml"]) {
      assert.equal((await Deno.stat(`${folder}/${file}`)).mode! & 0o777, 0o600);
    }
    await store.save({ state: EMPTY, secrets: loaded.secrets });
    assert.ok(!(await Deno.readTextFile(`${folder}/secrets.yaml`)).includes(chap.secret));
  });
});

Deno.test("InitiatorStore refuses a file that is not whole, or misses a secret", async () => {
  await withScratch(async (folder) => {
    const store = new InitiatorStore(folder);
    const account = { user: "host", secret: crypto.randomUUID() };
    const secrets = new Map([[account.secret, new ChapSecret("a secret of ours")]]);
    await store.save({ state: recordLogin(EMPTY, login({ chap: account })), secrets });
    await Deno.remove(`${folder}/secrets.yaml`);
    await assert.rejects(new InitiatorStore(folder).loadAll(), /the secret for CHAP .* is missing/);
    const path = `${folder}/initiator.yaml`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.slice(0, -10));
    await assert.rejects(store.load(), ControlError);
    assert.equal(await Deno.readTextFile(path), text.slice(0, -10), "it is left as it is");
  });
});

Deno.test("A login remembers which of its sessions are open, until they are logged out", () => {
  const state = recordLogin(EMPTY, login());
  const open = recordOpen(state, new Map([["800000000001", 7]]));
  assert.deepEqual(open.logins[0]!.paths.map(({ openIn }) => openIn), [7, undefined]);
  const closed = recordOpen(open, new Map([["800000000001", undefined]]));
  assert.deepEqual(closed, state);
});

Deno.test("removePersistent() forgets one path, and with the last one the login", () => {
  const state = recordLogin(EMPTY, login());
  const portal = { address: "192.168.1.1", port: 3260 };
  const one = removePersistent(state, { target: TARGET, portal });
  assert.deepEqual(one.logins[0]!.paths.map(({ address }) => address), ["192.168.2.1"]);
  assert.throws(() => removePersistent(one, { target: TARGET, portal }), /has no path to/);
  const none = removePersistent(one, {
    target: TARGET,
    portal: { ...portal, address: "192.168.2.1" },
  });
  assert.deepEqual(none.logins, []);
  assert.throws(() => removePersistent(none, { target: TARGET }), /no persistent login/);
});

Deno.test("checkAccounts() refuses mutual CHAP alone, and one secret for both directions", () => {
  const ours = { user: "host", secret: "a secret of ours" };
  assert.equal(checkAccounts({}), undefined);
  assert.throws(() => checkAccounts({ targetChap: ours }), /mutual CHAP goes with CHAP alone/);
  assert.throws(() => checkAccounts({ chap: ours, targetChap: ours }), /by the same secret/);
  assert.throws(() => checkAccounts({ chap: { ...ours, secret: "short" } }), /5 octets/);
});
