/** Documents applied to a running service, with initiators logged in. */
import assert from "node:assert/strict";
import { ControlError } from "../../../../lib/config/control.ts";
import { ADA, TestService, withService } from "../service_fixture.ts";
import { DocumentControl, isRefusal } from "./document_fixture.ts";

const LUNS = "luns: [{disk: d0}]";
const SERVER = `
targets:
  - {name: mail, iqn: iqn.2026-01.com.example:mail, allow: [any], ${LUNS}}
  - {name: web, allow: [any], luns: [{disk: d1}]}
disks:
  - {name: d0, format: mem, size: 1M}
  - {name: d1, format: mem, size: 1M}
  - {name: d2, format: mem, size: 1M}
`;

function documentsOf({ control }: TestService): DocumentControl {
  return new DocumentControl(control);
}

/** Applies the server's document, and logs in to both targets. */
async function furnish(service: TestService): Promise<void> {
  await documentsOf(service).apply(SERVER);
  await service.logIn("mail");
  await service.logIn("web", { isid: 2 });
}

async function openTargets({ control }: TestService): Promise<string[]> {
  return (await control.sessions()).map(({ target }) => target);
}

type Effect = "ends" | "loses-disks";

/** A document → what it does to the sessions of the targets; those of the others are left alone. */
const CHANGES: readonly (readonly [text: string, prune: boolean, Record<string, Effect>])[] = [
  ["targets: [{name: mail, description: x}]", false, {}],
  ["targets: [{name: mail, luns: [{disk: d0, readOnly: true}]}]", false, {}],
  ["targets: [{name: mail, luns: [{disk: d0}, {disk: d2}]}]", false, {}],
  [`targets: [{name: mail, luns: [], allow: [${ADA}]}]`, false, { mail: "loses-disks" }],
  [SERVER.replace("name: mail", "name: post"), true, {}],
  [SERVER.replaceAll("d0", "other"), true, { mail: "loses-disks" }],
  ["targets: [{name: mail, iqn: iqn.2026-01.com.example:x}]", false, { mail: "ends" }],
  ["targets: [{name: mail, allow: [iqn.2026-01.com.example:bob]}]", false, { mail: "ends" }],
  ["targets: [{name: mail, luns: [{disk: d0, lun: 1}]}]", false, { mail: "loses-disks" }],
  ["targets: [{name: mail, luns: [{disk: d2}]}]", false, { mail: "loses-disks" }],
  [
    "targets: [{name: mail, luns: []}, {name: web, allow: []}]",
    false,
    { mail: "loses-disks", web: "ends" },
  ],
  ["targets: [{name: web}]", true, { mail: "ends" }],
  ["disks: [{name: d0}]", true, { web: "loses-disks" }],
];

/** Waits for a change, while initiators that are asked to log out let their time run out. */
async function patiently<T>({ clock }: TestService, change: Promise<T>): Promise<T> {
  let isDone = false;
  const done = change.finally(() => isDone = true);
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve));
    clock.advance(1_000);
  }
  return await done;
}

Deno.test("apply: whom a document disturbs is told before, and done by force alone", async () => {
  for (const [text, prune, effects] of CHANGES) {
    await withService(async (service) => {
      const documents = documentsOf(service);
      await furnish(service);
      const { facts } = await documents.apply(text, { prune, dryRun: true });
      const told = facts.steps.filter(({ sessions }) => sessions.length > 0);
      assert.deepEqual(
        Object.fromEntries(told.map(({ name, sessions: [first] }) => [name, first!.effect])),
        effects,
        text,
      );
      for (const { sessions: [session, ...others] } of told) {
        assert.match(session!.from.join(), /^192\.0\.2\.101:\d+$/);
        assert.equal(others.length, 0);
      }
      if (told.length > 0) {
        const refused = /target (mail|web) has 1 session open that this (ends|takes).*--force/;
        await assert.rejects(documents.apply(text, { prune }), isRefusal("in-use", refused), text);
      }
      assert.deepEqual(await openTargets(service), ["mail", "web"], text);
      await patiently(service, documents.apply(text, { prune, force: true }));
      const left = (await openTargets(service)).map((name) => name === "post" ? "mail" : name);
      assert.deepEqual(left, ["mail", "web"].filter((name) => effects[name] !== "ends"), text);
      assert.deepEqual((await documents.apply(text, { prune })).facts.steps, [], text);
    });
  }
});

Deno.test("apply: disks that cannot be opened are not added, and their files are gone again", () =>
  withService(async (service) => {
    const { files } = service;
    const documents = documentsOf(service);
    await furnish(service);
    const before = await documents.export();
    files.refusal = new ControlError("failed", "it is locked");
    const text =
      "disks: [{name: a, path: /d/a.vhd, size: 1M}, {name: b, path: /d/b.vhd, size: 1M}]";
    await assert.rejects(documents.apply(text), (error) => error === files.refusal);
    assert.equal(files.found.size, 0);
    assert.equal(await documents.export(), before);
    files.refusal = undefined;
    await documents.apply(text);
    assert.deepEqual([...files.open_], ["/d/a.vhd", "/d/b.vhd"]);
  }));

Deno.test("apply: files that could not be removed again are named", () =>
  withService(async (service) => {
    const { files } = service;
    const documents = documentsOf(service);
    files.uncreatable.set("/d/b.vhd", new ControlError("failed", "it is full", "make room"));
    files.delete = () => Promise.reject(new ControlError("permission", "no permission"));
    const text =
      "disks: [{name: a, path: /d/a.vhd, size: 1M}, {name: b, path: /d/b.vhd, size: 1M}]";
    await assert.rejects(
      documents.apply(text),
      isRefusal("failed", /^it is full; \/d\/a\.vhd could not be removed again; make room$/),
    );
  }));

Deno.test("apply: a server that serves survives its restart as the document says", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const first = await TestService.start(directory);
    await documentsOf(first).apply(SERVER);
    const text = await documentsOf(first).export();
    await first.stop();
    const second = await TestService.start(directory, first.files);
    assert.equal(await documentsOf(second).export(), text);
    await second.logIn("mail");
    await second.stop();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
