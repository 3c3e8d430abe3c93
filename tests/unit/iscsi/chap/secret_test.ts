import assert from "node:assert/strict";
import { ChapSecret } from "../../../../lib/iscsi/chap/secret.ts";

Deno.test("B-17: a secret that is printed, listed or made JSON of does not show", () => {
  const canary = "canary-5f3a9c1e";
  const credentials = { user: "alice", secret: new ChapSecret(canary) };
  const shown = [
    JSON.stringify(credentials),
    Deno.inspect(credentials, { depth: 10, showHidden: true, getters: true }),
    String(credentials.secret),
    JSON.stringify(Object.entries(credentials.secret)),
  ];
  for (const text of shown) assert(!text.includes(canary), text);
  assert.equal(credentials.secret.reveal().text, canary);
});

Deno.test("ChapSecret counts octets, not characters", () => {
  assert.equal(new ChapSecret("élève").length, 7);
});
