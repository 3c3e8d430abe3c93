import assert from "node:assert/strict";
import { type Control, ControlError, type Progress } from "../../../lib/config/control.ts";
import { ControlClient } from "../../../lib/status/client.ts";
import type { Exchange, Reply } from "../../../lib/status/exchange.ts";
import { appExchange } from "./app_exchange.ts";
import { TestApi, withApi } from "./api_fixture.ts";

const SIZE = 1 << 20;

function answering(status: number, ...texts: string[]): Exchange {
  return () => Promise.resolve(reply(status, ...texts));
}

function reply(status: number, ...texts: string[]): Reply {
  const encoder = new TextEncoder();
  return {
    status,
    chunks: (async function* () {
      for (const text of texts) {
        await Promise.resolve();
        yield encoder.encode(text);
      }
    })(),
  };
}

function isUnreachable(text: RegExp) {
  return (error: unknown): boolean =>
    error instanceof ControlError && error.kind === "unreachable" && text.test(error.message);
}

Deno.test("ControlClient tells how a long operation goes, and what came of it", () =>
  withApi(async (api) => {
    const client = new ControlClient("here", appExchange(api.full));
    const told: Progress[] = [];
    const made = await client.createDisk({ path: "/d/a.vhd", size: SIZE }, (p) => told.push(p));
    assert.equal(made.facts.path, "/d/a.vhd");
    assert.deepEqual(told, [{ done: SIZE / 2, total: SIZE }, { done: SIZE, total: SIZE }]);
    await assert.rejects(
      client.createDisk({ path: "/d/a.vhd", size: SIZE }),
      (error: unknown) => error instanceof ControlError && error.kind === "in-use",
    );
    await assert.rejects(
      client.createDisk({ path: "/d/b.vhd" } as Parameters<typeof client.createDisk>[0]),
      (error: unknown) => error instanceof ControlError && error.kind === "usage",
    );
  }));

Deno.test("ControlClient asks for a long list in parts and puts it together", () =>
  withApi(async (api) => {
    for (let at = 0; at < 3; at++) await api.control.createTarget({ name: `t${at}` });
    const asked: string[] = [];
    const short: Exchange = (ask) => {
      asked.push(ask.path);
      return appExchange(api.full)({ ...ask, path: ask.path.replace("limit=500", "limit=2") });
    };
    const targets = await new ControlClient("here", short).listTargets();
    assert.deepEqual(targets.map(({ name }) => name), ["t0", "t1", "t2"]);
    assert.equal(asked.length, 2);
  }));

Deno.test("ControlClient reads progress however the octets are cut", async () => {
  const text =
    '{"progress":{"done":1,"total":2}}\n{"result":{"facts":{"name":"dé"},"notices":[]}}\n';
  const octets = new TextEncoder().encode(text);
  for (let cut = 1; cut < octets.length; cut++) {
    const exchange: Exchange = () =>
      Promise.resolve({
        status: 200,
        chunks: (async function* () {
          await Promise.resolve();
          yield octets.subarray(0, cut);
          yield octets.subarray(cut);
        })(),
      });
    let told = 0;
    const { facts } = await new ControlClient("here", exchange).createDisk(
      { memory: "d", size: SIZE },
      () => told++,
    );
    assert.deepEqual([facts.name, told], ["dé", 1]);
  }
});

Deno.test("ControlClient says what is wrong with a service that answers no sense", async () => {
  const cases: [Exchange, RegExp][] = [
    [answering(200, '{"facts":'), /broke off/],
    [answering(200, ""), /broke off/],
    [answering(502, "<html>bad gateway"), /HTTP 502 <html>/],
    [answering(500, "{}"), /HTTP 500/],
    [answering(500, '{"error":{"kind":"nonsense","message":"x"}}'), /HTTP 500/],
    [() => Promise.reject(new Error("connection refused")), /here cannot be reached: connection/],
  ];
  for (const [exchange, expected] of cases) {
    const client = new ControlClient("here", exchange);
    await assert.rejects(client.status(), isUnreachable(expected), String(expected));
  }
  const stopped = answering(200, '{"progress":{"done":1,"total":2}}\n');
  const creation = new ControlClient("here", stopped).createDisk({ memory: "d", size: SIZE });
  await assert.rejects(creation, isUnreachable(/ended before the work was done/));
});

Deno.test("B-38: ControlClient lets no name become another path", async () => {
  const client = new ControlClient("here", () => {
    throw new Error("nothing is asked");
  });
  for (const name of ["..", "../status", "a/b", "a?force=true", "%2e%2e", "", "A"]) {
    for (const asked of [() => client.showTarget(name), () => client.removeDisk(name)]) {
      await assert.rejects(
        asked(),
        (error: unknown) => error instanceof ControlError && error.kind === "not-found",
      );
    }
  }
});

Deno.test("ControlClient that is called off calls the operation off in the service", () =>
  withApi(async (api) => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const control = Object.create(api.control) as Control;
    control.createDisk = (_disk, onProgress, signal) => {
      onProgress?.({ done: SIZE / 2, total: SIZE });
      signal!.addEventListener("abort", () => ended.resolve(signal!.reason));
      begun.resolve();
      return new Promise(() => {});
    };
    const client = new ControlClient("here", appExchange(new TestApi(control).full));
    const creation = client.createDisk({ memory: "d", size: SIZE }, () => {
      throw new Error("whoever listens gives up");
    });
    await assert.rejects(creation, /gives up/);
    await begun.promise;
    assert.match(String(await ended.promise), /Abort/);
  }));
