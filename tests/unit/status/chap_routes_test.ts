import assert from "node:assert/strict";
import { ControlError } from "../../../lib/config/control.ts";
import { ControlClient } from "../../../lib/status/client.ts";
import { appExchange } from "./app_exchange.ts";
import { withApi } from "./api_fixture.ts";

const CANARY = "canary-5f3a9c1e7";
const CHAP = { user: "ada", secret: CANARY.slice(0, 16) };
const PATHS = ["/api/targets/mail", "/api/discovery"];

Deno.test("B-17: the API takes secrets, and answers none of them anywhere", () =>
  withApi(async (api) => {
    await api.control.createTarget({ name: "mail" });
    for (const path of PATHS) {
      const set = await api.ask("POST", `${path}/chap`, CHAP);
      assert.equal(set.status, 200, set.text);
      const reverse = { user: "server", secret: "canary-of-server" };
      assert.equal((await api.ask("POST", `${path}/reverse-chap`, reverse)).status, 200);
      const twin = await api.ask("POST", `${path}/reverse-chap`, { ...reverse, ...CHAP });
      assert.equal(twin.status, 400);
      const short = await api.ask("POST", `${path}/chap`, { ...CHAP, secret: "canary" });
      assert.equal(short.status, 400);
      const odd = await api.ask("POST", `${path}/chap`, { ...CHAP, [CHAP.secret]: 1 });
      assert.equal(odd.status, 400);
      for (const { text } of [set, twin, short]) assert.doesNotMatch(text, /canary/);
    }
    for (const path of ["/api/targets", "/api/targets/mail", "/api/status", "/metrics"]) {
      const { status, text } = await api.ask("GET", path);
      assert.equal(status, 200);
      assert.doesNotMatch(text, /canary/, path);
    }
    const { json } = await api.ask("GET", "/api/targets/mail");
    const { chap, reverseChap } = json as Record<string, unknown>;
    assert.deepEqual(chap, { user: "ada", algorithms: ["sha3-256", "sha256", "sha1", "md5"] });
    assert.deepEqual(reverseChap, { user: "server" });
    for (const path of PATHS) {
      assert.equal((await api.ask("DELETE", `${path}/reverse-chap`)).status, 200);
      assert.equal((await api.ask("DELETE", `${path}/chap`)).status, 200);
      assert.equal((await api.ask("DELETE", `${path}/chap`)).status, 404);
    }
  }));

Deno.test("B-17: the address that only shows takes no secret", () =>
  withApi(async (api) => {
    await api.control.createTarget({ name: "mail" });
    for (const path of PATHS) {
      for (const direction of ["chap", "reverse-chap"]) {
        const set = await api.look("POST", `${path}/${direction}`, CHAP);
        assert.equal(set.status, 403);
        assert.equal((await api.look("DELETE", `${path}/${direction}`)).status, 403);
      }
    }
  }));

Deno.test("B-17: the client sends no secret over what others can read", () =>
  withApi(async (api) => {
    await api.control.createTarget({ name: "mail" });
    const asked: string[] = [];
    const exchange = appExchange(api.full);
    const client = new ControlClient("http://server:3262", (ask) => {
      asked.push(`${ask.method} ${ask.path}`);
      return exchange(ask);
    });
    for (const target of ["mail", undefined]) {
      for (const call of [client.setChap(target, CHAP), client.setReverseChap(target, CHAP)]) {
        await assert.rejects(call, (error: unknown) => {
          assert(error instanceof ControlError);
          assert.equal(error.kind, "permission");
          return true;
        });
      }
    }
    assert.deepEqual(asked, []);
  }));
