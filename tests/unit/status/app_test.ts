import assert from "node:assert/strict";
import { ControlError, type EventsPage } from "../../../lib/config/control.ts";
import { ROUTES } from "../../../lib/status/routes.ts";
import { type Answer, TestApi, withApi } from "./api_fixture.ts";

const SIZE = 1 << 20;

async function furnish(api: TestApi): Promise<void> {
  await api.control.createTarget({ name: "mail", allow: ["any"] });
  await api.control.createDisk({ memory: "d0", size: SIZE, target: "mail" });
  await api.control.createDisk({ path: "/d/d1.vhd", size: SIZE });
}

type Row = readonly [
  method: string,
  path: string,
  body: unknown,
  status: number,
  /** What the answer's JSON has in it. */
  expected: RegExp,
];

const ANSWERS: readonly Row[] = [
  ["GET", "/api/version", undefined, 200, /"version":"\d/],
  ["GET", "/api/status", undefined, 200, /"running":false.*"targets":1,"disks":2/],
  ["GET", "/api/targets", undefined, 200, /"items":\[\{"name":"mail".*"next":null/],
  ["GET", "/api/targets/mail", undefined, 200, /"iqn":"iqn\./],
  ["GET", "/api/targets/nix", undefined, 404, /"kind":"not-found","message":"there is no target/],
  ["POST", "/api/targets", { name: "web" }, 200, /"facts":\{"name":"web".*"notices":\[/],
  ["POST", "/api/targets", { name: "mail" }, 409, /"kind":"in-use"/],
  ["POST", "/api/targets", { name: "Mail" }, 400, /"kind":"usage".*"nextStep":"use 1 to 64/],
  ["POST", "/api/targets", {}, 400, /"message":"name: /],
  ["POST", "/api/targets", { name: 1 }, 400, /"message":"name: /],
  ["POST", "/api/targets", { name: "x", extra: 1 }, 400, /Unrecognized/],
  ["POST", "/api/targets", [], 400, /"kind":"usage"/],
  ["POST", "/api/targets", "{", 400, /not JSON/],
  ["POST", "/api/targets", "", 400, /not JSON/],
  ["POST", "/api/targets", { name: "x".repeat(301) }, 400, /name/],
  ["PATCH", "/api/targets/mail", { description: "post" }, 200, /"description":"post"/],
  ["PATCH", "/api/targets/mail?force=true", { name: "post" }, 200, /"name":"post"/],
  ["PATCH", "/api/targets/mail?force=maybe", { name: "post" }, 400, /force/],
  ["DELETE", "/api/targets/mail", undefined, 200, /"sessionsEnded":0/],
  ["DELETE", "/api/targets/mail?other=1", undefined, 400, /Unrecognized/],
  ["POST", "/api/targets/mail/allow", { ids: ["ada"] }, 400, /"kind":"usage"/],
  ["POST", "/api/targets/mail/deny", { ids: ["any"] }, 200, /"allow":\[\]/],
  ["GET", "/api/sessions", undefined, 200, /"items":\[\],"next":null/],
  ["GET", "/api/sessions?target=mail", undefined, 200, /"items":\[\]/],
  ["GET", "/api/sessions?target=nix", undefined, 404, /no target/],
  ["GET", "/api/disks", undefined, 200, /"name":"d0".*"name":"d1"/],
  ["GET", "/api/disks?limit=1", undefined, 200, /"name":"d0".*"next":1/],
  ["GET", "/api/disks?limit=1&offset=1", undefined, 200, /"name":"d1".*"next":null/],
  ["GET", "/api/disks?limit=0", undefined, 400, /limit/],
  ["GET", "/api/disks?limit=501", undefined, 400, /limit/],
  ["GET", "/api/disks?offset=-1", undefined, 400, /offset/],
  ["GET", "/api/disks/d0", undefined, 200, /"format":"mem"/],
  ["GET", "/api/disks/nix", undefined, 404, /no disk/],
  ["POST", "/api/disks", { memory: "d2", size: SIZE }, 200, /"name":"d2"/],
  ["POST", "/api/disks", { memory: "d2", size: 1 }, 400, /whole blocks/],
  ["POST", "/api/disks", { path: "../d2.vhd", size: SIZE }, 400, /absolute/],
  ["POST", "/api/disks/import", { path: "/d/there.img" }, 200, /"name":"there"/],
  ["POST", "/api/disks/import", { path: "/d/none.img" }, 404, /there is no/],
  ["POST", "/api/disks/d1/assign", { target: "mail", lun: 5 }, 200, /"lun":5/],
  ["POST", "/api/disks/d1/assign", { target: "nix" }, 404, /no target/],
  ["POST", "/api/disks/d0/unassign", {}, 200, /"assignments":\[\]/],
  ["POST", "/api/disks/d1/unassign", { target: "mail" }, 404, /not assigned/],
  ["DELETE", "/api/disks/d0", undefined, 409, /unassign/],
  ["DELETE", "/api/disks/d1?deleteFile=true", undefined, 200, /"fileDeleted":true/],
  ["GET", "/healthz", undefined, 200, /^ok$/m],
  ["GET", "/api/nix", undefined, 404, /"kind":"not-found"/],
  ["GET", "/api", undefined, 404, /openapi/],
];

for (const [method, path, body, status, expected] of ANSWERS) {
  const given = body === undefined ? "" : ` ${JSON.stringify(body).slice(0, 60)}`;
  Deno.test(`${method} ${path}${given} answers ${status}`, () =>
    withApi(async (api) => {
      await furnish(api);
      const answer = await api.ask(method, path, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, expected);
    }));
}

/** There is none without files: snapshot_routes_test.ts asks for it. */
const ONE_SNAPSHOT = "/api/snapshots/{name}";

Deno.test("The address that only shows answers every question and refuses every change", () =>
  withApi(async (api) => {
    await furnish(api);
    for (const { method, path, access } of ROUTES) {
      if (method === "get" && path === ONE_SNAPSHOT) continue;
      const at = path.replace("{name}", path.includes("disks") ? "d0" : "mail");
      const body = method === "get" || method === "delete" ? undefined : {};
      const answer = await api.look(method.toUpperCase(), at, body);
      assert.equal(answer.status, access === "read" ? 200 : 403, `${method} ${at} ${answer.text}`);
      assert.equal(access === "read", method === "get");
    }
    assert.equal((await api.control.listTargets()).length, 1);
  }));

Deno.test("B-56: no spelling of a path gets past what its row allows", () =>
  withApi(async (api) => {
    await furnish(api);
    const paths = [
      "//api/targets/mail",
      "/api//targets/mail",
      "/api/targets//mail",
      "/api/targets/mail/",
      "/API/targets/mail",
      "/api/Targets/mail",
      "/api%2ftargets/mail",
      "/api/targets%2fmail",
      "/api/targets/%2e%2e/targets/mail",
      "/./api/targets/mail",
      "/api/./targets/mail",
      "/api/x/../targets/mail",
      "/api/targets/mail;x",
      "/api/targets/mail%00",
      "/api/targets/mail%0a",
      "/api/targets/MAIL",
      "/api/targets/mail?_method=GET",
      "/api/targets/mail#x",
    ];
    for (const path of paths) {
      const { status } = await api.look("DELETE", path);
      assert([403, 404].includes(status), `${path}: ${status}`);
      const override = { "x-http-method-override": "DELETE", "x-method-override": "DELETE" };
      await api.look("POST", path, {}, override);
      await api.look("GET", path, undefined, override);
    }
    assert.equal((await api.control.listTargets()).length, 1);
  }));

Deno.test("B-52: a change is not taken from a web page, nor in another form than JSON", () =>
  withApi(async (api) => {
    const body = { name: "web" };
    const pages: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: "http://localhost" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "same-origin" },
    ];
    for (const headers of pages) {
      assert.equal((await api.ask("POST", "/api/targets", body, headers)).status, 403);
    }
    const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"];
    for (const type of types) {
      const answer = await api.ask("POST", "/api/targets", body, { "content-type": type });
      assert.equal(answer.status, 400, type);
    }
    assert.deepEqual(await api.control.listTargets(), []);
    const type = { "content-type": "Application/JSON; charset=utf-8" };
    assert.equal((await api.ask("POST", "/api/targets", body, type)).status, 200);
  }));

Deno.test("B-53 B-58: every answer forbids foreign code, frames and readers", () =>
  withApi(async (api) => {
    const answers: Answer[] = [];
    for (const path of ["/", "/api/status", "/nix", "/metrics", "/dashboard.js", "/healthz"]) {
      answers.push(await api.look("GET", path, undefined, { origin: "http://evil.example" }));
      answers.push(
        await api.look("OPTIONS", path, undefined, {
          "origin": "http://evil.example",
          "access-control-request-method": "DELETE",
        }),
      );
    }
    answers.push(await api.look("GET", "/", undefined, { host: "evil.example" }));
    for (const { headers } of answers) {
      assert.match(
        headers.get("content-security-policy")!,
        /^default-src 'none'; script-src 'self';/,
      );
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("cache-control"), "no-store");
      const cors = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
      assert.deepEqual(cors, []);
      assert.equal(headers.get("set-cookie"), null);
    }
  }));

Deno.test("B-54: a body is counted as it comes, whatever its length is said to be", () =>
  withApi(async (api) => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65536;
        controller.enqueue(new Uint8Array(65536).fill(0x20));
      },
    });
    const response = await api.full.request("http://localhost/api/targets", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /more than 1048576 octets/);
    assert(sent < 2 << 20, `${sent} octets were taken`);
    const long = JSON.stringify({ name: "a", description: "x".repeat(2 << 20) });
    assert.match((await api.ask("POST", "/api/targets", long)).text, /more than 1048576 octets/);
    const both = { "content-length": "2", "transfer-encoding": "chunked" };
    const answer = await api.ask("POST", "/api/targets", { name: "a" }, both);
    assert.deepEqual([answer.status, answer.text], [
      400,
      "both Transfer-Encoding and Content-Length\n",
    ]);
  }));

Deno.test("B-58: a body that is too deep or has too many values is refused", () =>
  withApi(async (api) => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const wide = JSON.stringify({ name: "a", allow: Array(30_000).fill("any") });
    for (const body of [deep, wide, '{"__proto__":{"name":"a"}}']) {
      assert.equal((await api.ask("POST", "/api/targets", body)).status, 400, body.slice(0, 40));
    }
    assert.deepEqual(await api.control.listTargets(), []);
  }));

Deno.test("A failure that is ours is told without its inside", async () => {
  const secret = "canary-7f3a";
  const control = new Proxy({}, {
    get: () => () => Promise.reject(new Error(`at /srv/${secret}`)),
  }) as ConstructorParameters<typeof TestApi>[0];
  const answer = await new TestApi(control).ask("GET", "/api/status");
  assert.equal(answer.status, 500);
  assert(!answer.text.includes(secret));
  assert.match(answer.text, /"kind":"failed"/);
});

Deno.test("Each kind of error has a status of its own", async () => {
  const expected = {
    "failed": 500,
    "usage": 400,
    "in-use": 409,
    "not-found": 404,
    "permission": 403,
    "unreachable": 502,
  } as const;
  for (const [kind, status] of Object.entries(expected)) {
    const error = new ControlError(kind as keyof typeof expected, "why", "next");
    const control = new Proxy({}, { get: () => () => Promise.reject(error) });
    const api = new TestApi(control as ConstructorParameters<typeof TestApi>[0]);
    const answer = await api.ask("GET", "/api/status");
    assert.equal(answer.status, status);
    assert.deepEqual(answer.json, {
      error: { kind, message: "why", nextStep: "next", place: null, loginStatus: null },
    });
  }
});

Deno.test("The OpenAPI document has every route, and nothing else has one", () =>
  withApi(async (api) => {
    const document = (await api.look("GET", "/api/openapi.json")).json as {
      openapi: string;
      paths: Record<string, Record<string, unknown>>;
    };
    assert.equal(document.openapi, "3.1.0");
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`)
    );
    assert.deepEqual(
      documented.sort(),
      ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
    );
  }));

Deno.test("What the API answers is what its document says", () =>
  withApi(async (api) => {
    await furnish(api);
    for (const { method, path, answer } of ROUTES) {
      if (method !== "get" || path === ONE_SNAPSHOT) continue;
      const at = path.replace("{name}", path.includes("disks") ? "d0" : "mail");
      const { json } = await api.look("GET", at);
      const result = answer.safeParse(json);
      assert.equal(result.success, true, `${at}: ${result.error?.message}`);
    }
  }));

Deno.test("The API answers events in parts, and refuses what is no question", () =>
  withApi(async (api) => {
    for (let at = 0; at < 3; at++) await api.control.createTarget({ name: `t${at}` });
    const { json } = await api.look("GET", "/api/events?limit=2");
    const page = json as EventsPage;
    assert.deepEqual(page.events.map(({ text }) => text), [
      "target t0 was added",
      "target t1 was added",
    ]);
    const rest = (await api.look("GET", `/api/events?after=${page.next}`)).json as EventsPage;
    assert.deepEqual([rest.events.length, rest.more], [1, false]);
    for (const query of ["after=-1", "limit=501", "waitMs=30001", "since=x", "bogus=1"]) {
      assert.equal((await api.look("GET", `/api/events?${query}`)).status, 400, query);
    }
  }));
