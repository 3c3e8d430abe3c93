import assert from "node:assert/strict";
import { MOST_OBJECTS } from "../../../lib/config/limits.ts";
import { ControlClient } from "../../../lib/status/client.ts";
import { DOCUMENT_ROUTES } from "../../../lib/status/document_routes.ts";
import { isRefusal } from "../config/document/document_fixture.ts";
import { withApi } from "./api_fixture.ts";
import { appExchange } from "./app_exchange.ts";

const SECRET = "canary-number-01";

Deno.test("B-17: a server's secrets are exported to whoever has full control, and to nobody else", () =>
  withApi(async (api) => {
    await api.control.createTarget({ name: "mail" });
    await api.control.setChap("mail", { user: "ada", secret: SECRET });
    for (const { path, method } of DOCUMENT_ROUTES) {
      for (const body of [{}, { document: {} }, { targets: ["mail"] }]) {
        const seen = await api.look(
          method.toUpperCase(),
          path,
          method === "get" ? undefined : body,
        );
        assert.ok(!seen.text.includes(SECRET), path);
        assert.equal(seen.status, path === "/api/export" ? 200 : 403);
      }
    }
    assert.ok((await api.ask("POST", "/api/export/secrets", {})).text.includes(SECRET));
    assert.equal((await api.look("GET", "/api/export?secrets=true")).status, 400);
  }));

Deno.test("A client neither asks for secrets nor sends a document where others could read it", () =>
  withApi(async (api) => {
    const client = new ControlClient("there", appExchange(api.full));
    const refused = isRefusal("permission", /there.*could be read on the way/);
    await assert.rejects(client.export({ secrets: true }), refused);
    await assert.rejects(client.apply({ disks: [] }, { dryRun: true }), refused);
    assert.deepEqual((await client.export()).document["targets"], []);
  }));

Deno.test("A document of as many disks as there may be is taken, and what is larger refused", () =>
  withApi(async (api) => {
    const client = new ControlClient("here", appExchange(api.full), { isPrivate: true });
    const disk = (at: number) => ({ name: `d${at}`, format: "mem", size: "1M", description: "x" });
    const disks = Array.from({ length: MOST_OBJECTS }, (_, at) => disk(at));
    const { facts } = await client.apply({ disks }, { dryRun: true });
    assert.equal(facts.steps.length, MOST_OBJECTS);
    const more = { disks: [...disks, disk(MOST_OBJECTS)] };
    await assert.rejects(client.apply(more), isRefusal("usage", /disks: it has too many/));
    const large = { description: "x".repeat(9 << 20) };
    await assert.rejects(client.apply(large), { kind: "usage", message: /octets/ });
  }));

Deno.test("ControlClient tells where in a document something is wrong", () =>
  withApi(async (api) => {
    const client = new ControlClient("here", appExchange(api.full), { isPrivate: true });
    const document = { targets: [{ name: "a", allow: ["any", "nobody"] }] };
    await assert.rejects(client.apply(document), { place: ["targets", 0, "allow", 1] });
  }));
