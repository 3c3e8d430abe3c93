import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control_error.ts";
import { planLogin } from "../../../lib/initiator_service/login_plan.ts";
import { knownTargets } from "../../../lib/initiator_service/known_targets.ts";
import { emptyInitiator } from "../../../lib/initiator_service/schema.ts";

const TARGET = "iqn.2026-01.org.example:mail";
const ONE = { address: "192.168.1.1", port: 3260 };
const OTHER = { address: "192.168.2.1", port: 3260 };

const KNOWN = knownTargets({
  state: {
    ...emptyInitiator("iqn.2026-01.org.example:host"),
    targets: [{ iqn: TARGET, portals: [ONE, OTHER] }],
  },
  nameServers: [],
  targetsOf: () => [],
  sessionsWith: () => 0,
  loggedIn: [],
});

function refusal(kind: string, text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ControlError);
    assert.equal(error.kind, kind);
    assert.match(`${error.message}; ${error.nextStep}`, text);
    return true;
  };
}

Deno.test("planLogin() takes the portals that are known: one will do, or all with multipath", () => {
  const single = planLogin({ target: TARGET }, KNOWN);
  assert.deepEqual(single.paths.map(({ portal }) => portal), [ONE, OTHER]);
  assert.equal(single.isChoice, true);
  assert.equal(planLogin({ target: TARGET, multipath: true }, KNOWN).isChoice, false);
});

Deno.test("planLogin() goes where it is told", () => {
  const paths = [{ portal: OTHER, sourceAddress: "192.168.2.101" }];
  const plan = planLogin({ target: TARGET.toUpperCase(), paths }, KNOWN);
  assert.deepEqual(plan, { target: TARGET, paths, isChoice: false });
});

Deno.test("planLogin() says what is missing or too much", () => {
  const several = [{ portal: ONE }, { portal: OTHER }];
  const unknown = "iqn.2026-01.org.example:other";
  assert.throws(
    () => planLogin({ target: TARGET, paths: several }, KNOWN),
    refusal("usage", /add --multipath, or give one portal/),
  );
  assert.throws(
    () => planLogin({ target: TARGET, paths: [several[0]!, several[0]!], multipath: true }, KNOWN),
    refusal("usage", /192\.168\.1\.1:3260 is given twice/),
  );
  assert.throws(
    () => planLogin({ target: unknown }, KNOWN),
    refusal("not-found", /no portal of target .*other is known; give one with --portal/),
  );
  assert.throws(() => planLogin({ target: "mail" }, KNOWN), refusal("usage", /no iSCSI name/));
  const wrong = [{ portal: { address: "a b", port: 3260 } }];
  assert.throws(
    () => planLogin({ target: TARGET, paths: wrong }, KNOWN),
    refusal("usage", /portal/),
  );
});
