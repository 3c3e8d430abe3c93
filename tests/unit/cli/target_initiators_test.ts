import assert from "node:assert/strict";
import type { VisitorFacts } from "../../../lib/config/control.ts";
import { visitorChoices } from "../../../cli/visitor_choices.ts";
import { ran } from "./fake_surroundings.ts";
import { MAIL } from "./sample_facts.ts";

function visitor(host: string, fields: Partial<VisitorFacts> = {}): VisitorFacts {
  return {
    initiator: `iqn.2026-01.org.example:${host}`,
    address: "192.0.2.9",
    target: "mail",
    admitted: false,
    reason: "none of iqn:… admits it",
    firstSeen: "2026-01-01T00:00:00.000Z",
    lastSeen: "2026-01-02T00:00:00.000Z",
    visits: 3,
    ...fields,
  };
}

const KNOWN = visitor("known", { initiator: "iqn.1991-05.com.microsoft:mail1" });
const VISITORS = [
  visitor("a"),
  visitor("a", { target: null, admitted: true, reason: null }),
  KNOWN,
  visitor("b", { target: "web", admitted: true, reason: null }),
];

function controlOf(visitors: readonly VisitorFacts[]) {
  return {
    showTarget: () => Promise.resolve(MAIL),
    initiators: () => Promise.resolve(visitors),
    allow: (_: string, ids: readonly string[]) =>
      Promise.resolve({ facts: { ...MAIL, allow: ids }, notices: [] }),
  };
}

Deno.test("visitorChoices offers each initiator once that is not on the access list", () => {
  const choices = visitorChoices(VISITORS, MAIL, new Date("2026-01-02T03:00:00Z"));
  assert.deepEqual(choices, [
    {
      value: "iqn:iqn.2026-01.org.example:a",
      label: "iqn.2026-01.org.example:a",
      hint: "from 192.0.2.9, refused by mail 3h ago",
    },
    {
      value: "iqn:iqn.2026-01.org.example:b",
      label: "iqn.2026-01.org.example:b",
      hint: "from 192.0.2.9, let in to web 3h ago",
    },
  ]);
});

Deno.test("sanctl target allow without an ID offers those that came by, at a terminal", async () => {
  const control = controlOf(VISITORS);
  const chosen = ["iqn:iqn.2026-01.org.example:b"];
  const { exitCode, stdout, calls, offered } = await ran(["target", "allow", "mail"], {
    control,
    terminal: true,
    chosen,
  });
  assert.equal(exitCode, 0);
  assert.equal(offered.length, 2);
  assert.ok(calls.includes('allow("mail", ["iqn:iqn.2026-01.org.example:b"])'));
  assert.equal(stdout, "target mail allows iqn:iqn.2026-01.org.example:b\n");

  const none = await ran(["target", "allow", "mail"], { control, terminal: true, chosen: [] });
  assert.deepEqual([none.exitCode, none.stderr], [
    1,
    "sanctl: nothing was changed: no initiator was chosen\n",
  ]);
  const off = await ran(["target", "allow", "mail"], { control, terminal: true });
  assert.deepEqual([off.exitCode, off.stderr], [130, "sanctl: interrupted\n"]);
  for (const { calls } of [none, off]) assert.ok(!calls.some((call) => call.startsWith("allow")));
});

Deno.test("sanctl target allow without an ID is wrong usage in a pipe, and lists those", async () => {
  const { exitCode, stderr } = await ran(["target", "allow", "mail"], {
    control: controlOf(VISITORS),
  });
  assert.equal(exitCode, 2);
  assert.equal(
    stderr,
    "sanctl: no initiator is named for target mail\n" +
      "  these came by lately: iqn:iqn.2026-01.org.example:a iqn:iqn.2026-01.org.example:b\n",
  );
  const many = Array.from({ length: 9 }, (_, i) => visitor(`h${i}`));
  const listed = await ran(["target", "allow", "mail"], { control: controlOf(many) });
  assert.match(listed.stderr, /:h4 and 4 more: sanctl target initiators\n$/);
  for (const terminal of [false, true]) {
    const nobody = await ran(["target", "allow", "mail"], {
      control: controlOf([KNOWN]),
      terminal,
    });
    assert.equal(nobody.exitCode, 2);
    assert.match(
      nobody.stderr,
      /no other came by.*\n {2}name one: sanctl target allow mail ID, as/,
    );
  }
});

Deno.test("sanctl target initiators lists who came by, from where, for what, and why not", async () => {
  const control = controlOf(VISITORS);
  const { stdout } = await ran(["target", "initiators"], { control });
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 5);
  assert.match(lines[0]!, /^INITIATOR +FROM +TARGET +FIRST SEEN +LAST SEEN +VISITS +OUTCOME$/);
  assert.match(lines[1]!, /example:a +192\.0\.2\.9 +mail .* 3 +refused: none of iqn:… admits it$/);
  assert.match(lines[2]!, /\(discovery\).*let in$/);
  const json = await ran(["target", "initiators", "--json"], { control });
  assert.deepEqual(JSON.parse(json.stdout), VISITORS);
  const none = await ran(["target", "initiators"], { control: controlOf([]) });
  assert.match(none.stderr, /no initiator came by in the last seven days/);
});
