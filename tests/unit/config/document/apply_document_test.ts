import assert from "node:assert/strict";
import type { PlanFacts } from "../../../../lib/config/control.ts";
import { ControlError } from "../../../../lib/config/control.ts";
import { documentText } from "../../../../lib/config/document/document_text.ts";
import { isRefusal, type TestServer, withServer } from "./document_fixture.ts";

const MIB = 1 << 20;
const ADA = "iqn:iqn.2026-01.com.example:ada";
const BOB = "iqn:iqn.2026-01.com.example:bob";

/** A bit of everything that can be declared. */
async function furnish({ control, files }: TestServer): Promise<void> {
  files.put("/d/old.img", 3 * MIB);
  await control.createTarget({ name: "mail", allow: [ADA], description: "NO" });
  await control.createTarget({ name: "web", allow: [BOB, ADA], iqn: "iqn.2026-01.com.example:w" });
  await control.createTarget({ name: "empty" });
  await control.createDisk({ path: "/d/mail.vhd", size: 4 * MIB, target: "mail", sparse: true });
  await control.createDisk({ memory: "scratch", size: 1537 << 10, removable: true });
  await control.createDisk({ path: "/d/big.raw", size: 8 * MIB, logicalBlockLength: 4096 });
  await control.importDisk({ path: "/d/old.img", name: "old", description: "imported: # yes" });
  await control.assignDisk("scratch", "mail", { lun: 7, readOnly: true });
  await control.assignDisk("big", "web", { shared: true });
  await control.assignDisk("big", "mail", { lun: 300 });
  await control.setChap("mail", { user: "ada", secret: "canary-number-01" });
  await control.setReverseChap("mail", { user: "srv", secret: "canary-number-02" });
  await control.setChap("web", { user: "012", secret: "canary-number-03", algorithms: ["sha256"] });
  await control.setChap(undefined, { user: "NO", secret: "canary-number-04" });
  await control.setLimits({ sessionsOfTarget: 544, pendingWrites: 768 * MIB });
}

/** What is declared, whole, as an operator would write it down. */
function whole({ documents }: TestServer): Promise<string> {
  return documents.export({ secrets: true });
}

async function plan(server: TestServer, text: string, prune = false): Promise<PlanFacts> {
  return (await server.documents.apply(text, { prune, dryRun: true })).facts;
}

/** `add target mail`, in the order of the steps. */
function headlines({ steps }: PlanFacts): string[] {
  return steps.map(({ action, object, name }) => `${action} ${object} ${name}`);
}

Deno.test("apply: an exported server is another one like it, and exports the same octets", () =>
  withServer(async (one) => {
    await furnish(one);
    const document = await whole(one);
    await withServer(async (other) => {
      other.files.put("/d/old.img", 3 * MIB);
      const { facts } = await other.documents.apply(document);
      assert.equal(facts.applied, true);
      assert.equal(await whole(other), document);
      assert.deepEqual(await other.control.listTargets(), await sorted(one.control.listTargets()));
      const disks = await sorted(one.control.listDisks());
      const others = await other.control.listDisks();
      assert.deepEqual(others.map(ordered), disks.map(ordered));
      assert.deepEqual([...other.files.found.keys()].sort(), [...one.files.found.keys()].sort());
    });
  }));

async function sorted<T extends { readonly name: string }>(list: Promise<readonly T[]>) {
  return (await list).toSorted((one, other) => one.name < other.name ? -1 : 1)
    .map((each) =>
      "allow" in each ? { ...each, allow: (each.allow as string[]).toSorted() } : each
    );
}

/** The order in which a disk was assigned is no part of the document. */
function ordered<T extends { readonly assignments: readonly { readonly target: string }[] }>(
  it: T,
) {
  const assignments = it.assignments.toSorted((one, other) => one.target < other.target ? -1 : 1);
  return { ...it, assignments };
}

Deno.test("apply: the second time there is nothing to do, and nothing is written", () =>
  withServer(async (server) => {
    await furnish(server);
    const { documents, directory } = server;
    const texts = [await whole(server), await documents.export()];
    const before = await Deno.stat(`${directory}/state.yaml`);
    for (const text of texts) {
      for (const prune of [false, true]) {
        assert.deepEqual((await documents.apply(text, { prune })).facts.steps, []);
      }
    }
    assert.deepEqual(await Deno.stat(`${directory}/state.yaml`), before);
  }));

Deno.test("apply: the JSON of an export does as well as its text", () =>
  withServer(async (server) => {
    await furnish(server);
    const { document } = await server.control.export();
    const json = JSON.stringify(document);
    assert.deepEqual((await server.documents.apply(json, { prune: true })).facts.steps, []);
  }));

Deno.test("export: some targets come with their disks, and are another server's part", () =>
  withServer(async (one) => {
    await furnish(one);
    const choice = { targets: ["mail"], secrets: true };
    const { document } = await one.control.export(choice);
    assert.deepEqual(Object.keys(document), ["version", "targets", "disks"]);
    const text = await one.documents.export(choice);
    assert.deepEqual((await plan(one, text)).steps, []);
    await withServer(async (other) => {
      const { facts } = await other.documents.apply(text);
      assert.deepEqual(headlines(facts), [
        "add target mail",
        "add disk big",
        "add disk mail",
        "add disk scratch",
      ]);
      assert.equal(await other.documents.export(choice), text);
    });
    await assert.rejects(
      one.control.export({ targets: ["mail", "none"] }),
      isRefusal("not-found", /no target "none"/),
    );
  }));

Deno.test("B-17: an export holds secrets only where they are asked for", () =>
  withServer(async (server) => {
    const { control } = server;
    await furnish(server);
    const plain = await control.export();
    assert.equal(plain.secret, false);
    assert.doesNotMatch(JSON.stringify(plain), /canary/);
    const revealed = await control.export({ secrets: true });
    assert.equal(revealed.secret, true);
    assert.equal(JSON.stringify(revealed).match(/canary/g)?.length, 4);
    await control.setChap("web", undefined);
    await control.setChap("mail", undefined);
    await control.setChap(undefined, undefined);
    assert.equal((await control.export({ secrets: true })).secret, false);
    // Nor does a plan, whoever reads it.
    assert.doesNotMatch(
      JSON.stringify(await plan(server, documentText(revealed.document))),
      /canary/,
    );
  }));

Deno.test("apply: what a document does not name stays, object by object and field by field", () =>
  withServer(async (server) => {
    const { control, documents } = server;
    await furnish(server);
    const before = await control.showTarget("mail");
    const { facts } = await documents.apply(
      "targets: [{name: mail, description: post}]\ndisks: [{name: old, shared: true}]",
    );
    assert.deepEqual(facts.steps.map(({ name, changes }) => [name, changes]), [
      ["mail", [{ field: "description", from: "NO", to: "post" }]],
      ["old", [{ field: "shared", from: false, to: true }]],
    ]);
    assert.deepEqual(await control.showTarget("mail"), { ...before, description: "post" });
    assert.equal((await control.listTargets()).length, 3);
  }));

Deno.test("apply: pruned, a section names all that stays, and files are kept", () =>
  withServer(async (server) => {
    const { control, documents, files } = server;
    await furnish(server);
    const text = "targets: [{name: mail, luns: [{disk: mail}]}]\ndisks: [{name: mail}]";
    assert.deepEqual(headlines(await plan(server, text)), ["change target mail"]);
    const { facts } = await documents.apply(text, { prune: true });
    assert.deepEqual(headlines(facts), [
      "remove target empty",
      "remove target web",
      "remove disk big",
      "remove disk old",
      "remove disk scratch",
      "change target mail",
    ]);
    const [big, , scratch] = facts.steps.filter(({ object }) => object === "disk");
    assert.deepEqual(big!.file, { path: "/d/big.raw", action: "kept" });
    assert.match(scratch!.loss!, /in memory: its 1537K of data are lost/);
    assert.deepEqual((await control.listDisks()).map(({ name }) => name), ["mail"]);
    assert.deepEqual([...files.found.keys()].sort(), ["/d/big.raw", "/d/mail.vhd", "/d/old.img"]);
    // A section that is not there prunes nothing; an empty one prunes all.
    assert.deepEqual((await plan(server, "disks: [{name: mail}]", true)).steps, []);
    assert.deepEqual(headlines(await plan(server, "targets: []", true)), ["remove target mail"]);
  }));

Deno.test("apply: pruned, an object under another name is the same object", () =>
  withServer(async (server) => {
    const { control, documents } = server;
    await furnish(server);
    const before = await server.documents.export();
    const renamed = before.replaceAll("name: mail", "name: post")
      .replaceAll("disk: mail", "disk: post").replaceAll("name: old", "name: new");
    assert.deepEqual(
      (await documents.apply(renamed, { prune: true })).facts.steps.map(({ name, changes }) => [
        name,
        changes.map(({ field, from, to }) => field === "luns" ? field : [field, from, to]),
      ]),
      [
        ["mail", [["name", "mail", "post"], "luns"]],
        ["old", [["name", "old", "new"]]],
        ["mail", [["name", "mail", "post"]]],
      ],
    );
    assert.equal((await control.showTarget("post")).iqn.endsWith(":mail"), true);
    assert.deepEqual((await control.showDisk("post")).assignments[0]!.target, "post");
  }));

Deno.test("apply: a dry run says what would be done, and does nothing", () =>
  withServer(async (server) => {
    const { files, directory } = server;
    const text =
      "targets: [{name: t, luns: [{disk: d}]}]\ndisks: [{name: d, path: /d/d.vhd, size: 1M}]";
    const facts = await plan(server, text);
    assert.equal(facts.applied, false);
    assert.deepEqual(headlines(facts), ["add target t", "add disk d"]);
    assert.deepEqual(facts.steps[1]!.file, { path: "/d/d.vhd", action: "created" });
    assert.equal(files.found.size, 0);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));

Deno.test("apply: a file that is there is imported, one that is not is created", () =>
  withServer(async ({ control, documents, files }) => {
    files.put("/d/there.img", 2 * MIB);
    const { facts } = await documents.apply(`
disks:
  - {name: a, path: /d/there.img}
  - {name: b, path: /d/new.img, size: 1M, sparse: true, logicalBlockLength: 4096}
  - {name: c, path: /d/blocks, format: raw, size: 1M}
  - {name: e, format: mem, size: 512B}
`);
    assert.deepEqual(facts.steps.map(({ file }) => file?.action), [
      "imported",
      "created",
      "created",
      undefined,
    ]);
    const disks = await control.listDisks();
    assert.deepEqual(disks.map(({ size }) => size), [2 * MIB, MIB, MIB, 512]);
    assert.deepEqual(disks.map(({ physicalBlockLength }) => physicalBlockLength), [
      512,
      4096,
      512,
      512,
    ]);
  }));

Deno.test("apply: all or nothing: what fails at the third file leaves no trace of the others", () =>
  withServer(async (server) => {
    const { documents, files } = server;
    await furnish(server);
    const before = [await whole(server), [...files.found.keys()]];
    const full = new ControlError("failed", "cannot create /d/c.vhd: its file system is full");
    files.uncreatable.set("/d/c.vhd", full);
    const text = ["a", "b", "c", "e"].map((name) =>
      `  - {name: ${name}, path: /d/${name}.vhd, size: 1M}`
    ).join("\n");
    await assert.rejects(
      documents.apply(`targets: [{name: new}]\ndisks:\n${text}`),
      (error) => error === full,
    );
    assert.deepEqual([await whole(server), [...files.found.keys()]], before);
  }));

Deno.test("apply: called off in the middle, it leaves no trace", () =>
  withServer(async ({ documents, files, directory }) => {
    const aborting = new AbortController();
    files.beforeCreating = (path) => {
      if (path === "/d/b.vhd") aborting.abort();
      return Promise.resolve();
    };
    const told: number[] = [];
    await assert.rejects(
      documents.apply(
        "disks: [{name: a, path: /d/a.vhd, size: 1M}, {name: b, path: /d/b.vhd, size: 3M}]",
        {},
        ({ done, total }) => told.push(done / total),
        aborting.signal,
      ),
      { name: "AbortError" },
    );
    assert.deepEqual(told, [0.125, 0.25]);
    assert.equal(files.found.size, 0);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));

Deno.test("apply: what was agreed to is done, or nothing is", () =>
  withServer(async (server) => {
    const { control, documents, files } = server;
    const text = "targets: [{name: a}, {name: b}]\ndisks: [{name: d, path: /d/d.vhd, size: 1M}]";
    const { digest } = await plan(server, text);
    assert.equal((await plan(server, text)).digest, digest);
    await control.createTarget({ name: "a" });
    const overtaken = isRefusal("in-use", /changed by somebody else meanwhile.*apply it again/);
    await assert.rejects(documents.apply(text, { agreed: digest }), overtaken);
    assert.equal(files.found.size, 0);
    // What comes between while a file is made, and is no matter of the document, disturbs nothing.
    files.beforeCreating = () => control.createTarget({ name: "other" });
    const now = (await plan(server, text)).digest;
    await documents.apply(text, { agreed: now });
    assert.deepEqual((await control.listTargets()).map(({ name }) => name), ["a", "other", "b"]);
    // What is a matter of it ends it.
    files.beforeCreating = () => control.setTarget("b", { description: "mine" });
    await assert.rejects(
      documents.apply(
        "targets: [{name: b, description: x}]\ndisks: [{name: e, path: /d/e.vhd, size: 1M}]",
      ),
      overtaken,
    );
    assert.deepEqual([...files.found.keys()], ["/d/d.vhd"]);
    assert.equal((await control.showTarget("b")).description, "mine");
  }));

Deno.test("apply: a secret that is there already is no change, and one that is not is new", () =>
  withServer(async (server) => {
    const { control, documents } = server;
    await furnish(server);
    const secret = (text: string, more = "") =>
      `targets: [{name: mail, chap: {secret: ${text}${more}}}]`;
    assert.deepEqual((await plan(server, secret("canary-number-01"))).steps, []);
    await documents.apply(secret("another-secret"));
    assert.match(await whole(server), /secret: another-secret/);
    assert.deepEqual((await control.showTarget("mail")).chap!.user, "ada");
    const refused: readonly (readonly [text: string, said: RegExp])[] = [
      [secret("short"), /targets\[0\]\.chap\.secret: the secret has 5 octets; use 12 to 16/],
      [secret("longer-than-sixteen"), /has 19 octets; .*--long-secret/],
      [secret("canary-number-02"), /CHAP of target mail and reverse CHAP of .* the same secret/],
      ["targets: [{name: empty, chap: {user: x}}]", /targets\[0\]\.chap: there is no secret/],
      ["targets: [{name: empty, chap: {secret: canary-number-09}}]", /there is no user/],
      [
        "targets: [{name: empty, reverseChap: {user: x, secret: canary-number-09}}]",
        /reverseChap: .* asked for no CHAP/,
      ],
    ];
    for (const [text, said] of refused) {
      await assert.rejects(documents.apply(text), isRefusal("usage", said), text);
    }
    const foreign = "targets: [{name: empty, chap: {user: x, secretReference: " +
      "8030459d-adf0-4cb2-8830-3a98afc04cf3}}]";
    await assert.rejects(
      documents.apply(foreign),
      isRefusal("not-found", /keeps no secret under 8030459d.*--secrets/),
    );
    await documents.apply(secret("longer-than-sixteen", ", longSecret: true"));
    await documents.apply("discovery: null\ntargets: [{name: mail, chap: null}]");
    const { chap, reverseChap } = await control.showTarget("mail");
    assert.deepEqual([chap, reverseChap], [null, null]);
    assert.equal((await control.status()).discovery.chap, null);
    assert.equal((await whole(server)).match(/canary/g)?.length, 1);
  }));

Deno.test("apply: LUNs keep their numbers, and those without one get the lowest that is free", () =>
  withServer(async (server) => {
    const { control, documents } = server;
    const disks = ["a", "b", "c", "e"].map((name) => `{name: ${name}, format: mem, size: 1M}`);
    await documents.apply(`disks: [${disks.join(", ")}]`);
    const luns = async (text: string) => {
      await documents.apply(`targets: [{name: t, luns: [${text}]}]`);
      return (await control.showTarget("t")).luns.map(({ lun, disk }) => `${lun}${disk}`).join(" ");
    };
    assert.equal(await luns("{disk: a, lun: 1}, {disk: b}, {disk: c}"), "0b 1a 2c");
    assert.equal(await luns("{disk: e}, {disk: c}, {disk: a}"), "0e 1a 2c");
    // No number changes by itself: whoever uses the LUN would take one disk for another.
    await assert.rejects(
      luns("{disk: c, lun: 0}, {disk: e}, {disk: b}"),
      isRefusal("usage", /LUN 0 of target t cannot be both disk c and disk e/),
    );
    assert.equal(await luns("{disk: c, lun: 0}, {disk: e, lun: 1}, {disk: b}"), "0c 1e 2b");
    assert.equal(await luns(""), "");
  }));

const REFUSED: readonly (readonly [text: string, kind: string, said: RegExp])[] = [
  [
    "targets: [{name: a, iqn: iqn.2026-01.com.example:w}]",
    "in-use",
    /:1: targets\[0\]\.iqn: target a .*, which is that of target web/,
  ],
  ["targets: [{name: a, luns: [{disk: x}]}]", "not-found", /luns\[0\]\.disk: .*no disk x/],
  ["targets: [{name: a, luns: [{disk: old}, {disk: old}]}]", "usage", /old is there twice/],
  [
    "targets: [{name: a, luns: [{disk: old, lun: 1}, {disk: scratch, lun: 1}]}]",
    "usage",
    /LUN 1 of target a cannot be both disk old and disk scratch/,
  ],
  [
    "targets: [{name: a, luns: [{disk: mail}]}]",
    "in-use",
    /luns\[0\]: disk mail would belong to both target (mail|a) and (mail|a); .*shared: true/,
  ],
  ["disks: [{name: big, shared: false}]", "in-use", /targets? (web|mail)/],
  [
    `targets: [{name: mail, allow: [any, ${JSON.stringify(ADA)}]}]`,
    "in-use",
    /targets\[0\]: target mail would admit 2 initiators, and two that write disk mail corrupt/,
  ],
  ["disks: [{name: mail, size: 2M}]", "usage", /disks\[0\]\.size: disk mail .* never shrinks/],
  ["disks: [{name: mail, format: raw}]", "usage", /format vhd, which cannot become raw/],
  ["disks: [{name: mail, path: /d/x.vhd}]", "usage", /path \/d\/mail.vhd, which cannot become/],
  ["disks: [{name: scratch, path: /d/x.vhd}]", "usage", /has no path, which cannot become/],
  ["disks: [{name: n}]", "usage", /disk n is new and has no path/],
  ["disks: [{name: n, path: /d/n.vhd}]", "usage", /disk n is new and has no size/],
  ["disks: [{name: n, path: /d/n.txt, size: 1M}]", "usage", /disks\[0\]: the name .*n\.txt/],
  ["disks: [{name: n, path: /d/n.vhd, size: 513B}]", "usage", /disks\[0\]: .*not whole blocks/],
  ["disks: [{name: n, format: mem, path: /d/n.vhd}]", "usage", /is in memory and has no file/],
  ["disks: [{name: n, path: /d/old.img}]", "usage", /cannot have the file of disk old/],
  [
    "disks: [{name: n, path: /d/free.img, format: vhd}]",
    "usage",
    /format vhd: that of its file is raw/,
  ],
];

Deno.test("apply: what does not fit is refused with its place, and changes nothing", () =>
  withServer(async (server) => {
    const { documents, files } = server;
    await furnish(server);
    files.put("/d/free.img");
    const before = [await whole(server), [...files.found.keys()]];
    for (const [text, kind, said] of REFUSED) {
      await assert.rejects(documents.apply(text), isRefusal(kind, said), text);
    }
    await assert.rejects(
      documents.apply("targets: [{name: mail, luns: [{disk: mail}]}]\ndisks: []", { prune: true }),
      isRefusal("not-found", /luns\[0\]\.disk: there will be no disk mail/),
    );
    assert.deepEqual([await whole(server), [...files.found.keys()]], before);
  }));

Deno.test("B-41: an exported document that is cut short anywhere is refused", () =>
  withServer(async (server) => {
    await furnish(server);
    const document = await server.documents.export();
    const first = document.indexOf("\n");
    for (let length = 0; length < document.length - 1; length += length < 400 ? 1 : 37) {
      const cut = document.slice(0, length);
      await assert.rejects(
        server.documents.apply(cut, { prune: true }),
        isRefusal("usage", length >= first ? /cut short/ : /nothing in it|cut short/),
        String(length),
      );
    }
  }));

Deno.test("apply: limits that are left out stay, null sets one back, and all of them", () =>
  withServer(async ({ control, documents }) => {
    const values = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        (await control.limits()).filter(({ value, standard }) => value !== standard)
          .map(({ name, value }) => [name, value]),
      );
    const apply = (limits: string) => documents.apply(`version: 1\n${limits}`);
    await apply("limits: { sessionsOfTarget: 544, pendingWrites: 768M }");
    assert.deepEqual(await values(), { sessionsOfTarget: 544, pendingWrites: 768 * MIB });
    await apply("limits: { targets: 256, sessionsOfTarget: null }");
    assert.deepEqual(await values(), { targets: 256, pendingWrites: 768 * MIB });
    await apply("targets: []");
    assert.deepEqual(await values(), { targets: 256, pendingWrites: 768 * MIB });
    const bare = await documents.export();
    await apply("limits: { targets: null, pendingWrites: null }");
    assert.deepEqual(await values(), {});
    await documents.apply(bare);
    await apply("limits: null");
    assert.deepEqual(await values(), {});

    const refused = (limits: string, text: RegExp) =>
      assert.rejects(apply(limits), isRefusal("usage", text));
    await refused("limits: { sesionsOfTarget: 1 }", /limits.*sesionsOfTarget/);
    await refused("limits: { targets: 0 }", /:2: limits\.targets/);
    await refused(
      "limits: { pendingWrites: 1M }",
      /limits\.pendingWrites: .*cannot be 1M; .*8M to/,
    );
    await control.createTarget({ name: "a" });
    await control.createTarget({ name: "b" });
    await refused("limits: { targets: 1 }", /there are 2 targets, and the limit is 1/);
  }));
