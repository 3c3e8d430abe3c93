import assert from "node:assert/strict";
import { DASHBOARD_FILES } from "../../../lib/status/dashboard.ts";
import { withApi } from "./api_fixture.ts";

const PAGE = DASHBOARD_FILES.get("/")!.text;
const SCRIPT = DASHBOARD_FILES.get("/dashboard.js")!.text;

Deno.test("B-57: the dashboard's files are served, each under its one address", () =>
  withApi(async (api) => {
    for (const [path, { type, text }] of DASHBOARD_FILES) {
      const answer = await api.look("GET", path);
      assert.deepEqual([answer.status, answer.text], [200, text]);
      assert.equal(answer.headers.get("content-type"), type);
    }
    for (const path of ["/main.ts", "/deno.json", "/dashboard.ts", "/..%2fdeno.json", "/lib/"]) {
      assert.equal((await api.look("GET", path)).status, 404, path);
    }
  }));

Deno.test("The dashboard keeps to its policy: nothing inline, nothing foreign", () => {
  assert.doesNotMatch(PAGE, /\sstyle=|\son[a-z]+=|javascript:/i);
  assert.doesNotMatch(PAGE, /<script(?![^>]* src="\/)|<style/i);
  for (const [, url] of PAGE.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(url!, /^[/#]/);
  for (const [path] of [...PAGE.matchAll(/(?<=(?:src|rel="stylesheet" href)=")[^"]+/g)]) {
    assert(DASHBOARD_FILES.has(path), path);
  }
});

Deno.test("B-58: the dashboard's script sets text and never markup", () => {
  assert.doesNotMatch(
    SCRIPT,
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(/,
  );
});

Deno.test("The dashboard's script finds every element that it fills", () => {
  const ids = new Set([...PAGE.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));
  const literal = [...SCRIPT.matchAll(/(?:byId|setText)\("([^"]+)"[,)]/g)].map(([, id]) => id!);
  assert(literal.length >= 10);
  for (const id of literal) assert(ids.has(id), id);
  const tables = [...SCRIPT.matchAll(/\{ id: "(\w+)", cellsOf: /g)].map(([, id]) => id!);
  assert.deepEqual(tables, ["targets", "disks", "snapshots", "schedules", "sessions"]);
  for (const id of tables) {
    for (const part of ["", "-empty", "-title", "-more"]) assert(ids.has(id + part), id + part);
  }
  for (const id of ["read", "written"]) assert(ids.has(`tile-${id}`) && ids.has(`spark-${id}`), id);
});

Deno.test("The dashboard's script is a module that parses", async () => {
  const url = `data:text/javascript,${
    encodeURIComponent(`export default () => {\nreturn (async () => {${SCRIPT}})}`)
  }`;
  assert.equal(typeof (await import(url)).default, "function");
});

Deno.test("The dashboard tells which command to run where there is nothing to show", () => {
  const commands = [...PAGE.matchAll(/<code>(sanctl [^<]+)<\/code>/g)].map(([, text]) => text!);
  assert.equal(commands.length, 5);
  assert.match(commands[0]!, /^sanctl target create mail --allow iqn\./);
  assert.match(commands[1]!, /^sanctl disk create \/\S+\.vhd --size 20G --target mail$/);
});
