/** Management commands as they may come, in any order and with many mistakes. */
import fc from "fast-check";
import { HOSTS, IDENTIFIERS } from "./model.ts";

/** A verb of the control, or something that an initiator or the machine does. */
export interface Command {
  readonly verb: string;
  readonly values: readonly unknown[];
}

function pick<T>(...values: T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...values);
}

/** One of the values, or nothing. */
function maybe<T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(values, { nil: undefined });
}

/** As a rule one of the right values, and now and then one of the wrong ones. */
function mostly<T>(right: readonly T[], wrong: readonly T[], weight = 9): fc.Arbitrary<T> {
  return fc.oneof(
    { weight, arbitrary: fc.constantFrom(...right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
  );
}

/** An object with some of these keys. */
function some(shape: Readonly<Record<string, fc.Arbitrary<unknown>>>) {
  return fc.record(shape, { requiredKeys: [] });
}

const target = mostly(["a", "b"], ["c", "Bad"]);
const newTarget = mostly(["a", "b", "c"], ["Bad"]);
const disk = mostly(["d", "e", "f", "v"], ["g", "con"], 15);
const newDisk = mostly(["d", "e", "f", "g"], ["con"], 15);
const host = pick(...Object.keys(HOSTS));
const iqn = mostly(["iqn.2026-01.com.example:x", "iqn.2026-01.com.example:y"], ["mail"]);
const [any, ada, ...others] = Object.keys(IDENTIFIERS);
const id = mostly([any!, ada!, "192.0.2.102"], others, 4);
const ids = fc.oneof(
  { weight: 9, arbitrary: fc.array(id, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.constant([]) },
);
const text = mostly(["", "NO", " padded "], ["two\nlines"]);
const lun = mostly([0, 1, 2, 16_383], [16_384, -1, 0.5]);
const flag = fc.boolean();
const force = fc.record({ force: mostly([true], [false], 4) });
const size = mostly([1 << 20, 2 << 20, 3 << 20], [4096, 1000, 0]);
const block = mostly([512, 4096], [1024], 15);
const blocks = { logicalBlockLength: block, physicalBlockLength: block };
const path = mostly(["/d/d.vhd", "/d/e.img", "/d/there.img"], ["/d/x.txt", "relative.vhd"]);
const secret = mostly(
  ["a secret of ada", "a secret of bob", "a secret of srv"],
  ["short", "far longer than sixteen"],
);
const user = mostly(["ada", "012"], [""]);
const algorithms = mostly<readonly string[]>([["md5"], ["sha256", "sha3-256"]], [["none"], []]);

const address = mostly(["192.0.2.1", "192.0.2.1", "192.0.2.2", "::"], ["localhost"]);
const port = mostly([3260, 3260, 3261], [0]);
const group = mostly([1, 1, 2], [0]);
const advertise = pick("san.example:1");
const place = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ address: "192.0.2.1", port: 3260 }) },
  { weight: 1, arbitrary: fc.record({ address, port }) },
);

const vhdType = mostly(["fixed", "dynamic"], ["differencing"], 6);
const vhd = mostly(["v"], ["d", "x"], 6);
const cron = mostly(["@monthly", "0 3 1 6 *"], ["often", "61 * * * *"], 15);
const scheduleName = mostly(["n", "m"], ["Bad"], 15);
const kept = mostly([1, 24], [0, 120], 15);
const schedule = fc.oneof(
  fc.record({
    kind: fc.constant("snapshot"),
    disks: fc.tuple(vhd),
    cron,
    name: scheduleName,
    keep: fc.record({ last: kept }),
  }, { requiredKeys: ["kind", "disks", "cron", "keep"] }),
  fc.record({
    kind: fc.constant("backup"),
    disks: fc.tuple(vhd),
    cron,
    name: scheduleName,
    directory: mostly(["/tmp"], ["/none/there", "relative"], 6),
  }, { requiredKeys: ["kind", "disks", "cron", "directory"] }),
);
const documentSchedule = fc.record({
  name: scheduleName,
  kind: fc.constant("snapshot"),
  disks: fc.tuple(vhd),
  cron,
  keep: fc.record({ last: pick(1, 24) }),
});
const documentLun = fc.record(
  { disk, lun: pick(0, 1, 2), readOnly: flag },
  { requiredKeys: ["disk"] },
);
const documentTarget = fc.record(
  {
    name: newTarget,
    iqn,
    description: text,
    allow: ids,
    luns: fc.array(documentLun, { maxLength: 2 }),
  },
  { requiredKeys: ["name"] },
);
const documentDisk = fc.oneof(
  fc.record({ name: disk, shared: flag, description: text }, { requiredKeys: ["name"] }),
  fc.record({ name: disk, size: pick("1M", "3M", "5M") }),
  fc.record({ name: newDisk, format: fc.constant("mem"), size: pick("1M", "2M"), shared: flag }, {
    requiredKeys: ["name", "format", "size"],
  }),
  fc.record({ name: newDisk, path, size: pick("1M", "2M"), shared: flag }, {
    requiredKeys: ["name", "path"],
  }),
);
const byName = { selector: ({ name }: { readonly name: string }) => name, maxLength: 3 };
const document = fc.oneof(
  {
    weight: 9,
    arbitrary: some({
      targets: fc.uniqueArray(documentTarget, byName),
      disks: fc.uniqueArray(documentDisk, byName),
      schedules: fc.option(fc.uniqueArray(documentSchedule, byName), { freq: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: some({
      targets: fc.array(documentTarget, { maxLength: 2 }),
      disks: fc.array(documentDisk, { maxLength: 2 }),
    }),
  },
);

/** Each verb with how often it comes, and what it takes. */
const VERBS: readonly (readonly [weight: number, verb: string, ...fc.Arbitrary<unknown>[]])[] = [
  [
    6,
    "createTarget",
    fc.record({ name: newTarget, iqn, description: text, allow: ids }, {
      requiredKeys: ["name"],
    }),
  ],
  [2, "setTarget", target, some({ name: newTarget, iqn, description: text }), force],
  [2, "deleteTarget", target, force],
  [3, "allow", target, ids],
  [3, "deny", target, ids],
  [
    1,
    "disconnect",
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ target }) },
      { weight: 1, arbitrary: some({ target, all: fc.constant(true), ids: fc.constant(["999"]) }) },
    ),
    some({ waitSeconds: mostly([0, 5], [31]) }),
  ],
  [
    2,
    "setChap",
    maybe(target),
    maybe(
      fc.record({ user, secret, longSecret: flag, algorithms }, {
        requiredKeys: ["user", "secret"],
      }),
    ),
  ],
  [
    1,
    "setLimits",
    fc.oneof(
      { weight: 4, arbitrary: some({ targets: pick(2, 3, null), disks: pick(3, 4, null) }) },
      { weight: 1, arbitrary: pick<object>({ bogus: 1 }, { targets: 0 }, { disks: 1 }) },
    ),
  ],
  [
    2,
    "addPortal",
    fc.record({ address, port, group, advertise }, {
      requiredKeys: ["address", "port"],
    }),
    force,
  ],
  [1, "removePortal", place, force],
  [1, "setPortal", place, some({ address, port, group }), force],
  [2, "setReverseChap", maybe(target), maybe(fc.record({ user, secret }))],
  [
    4,
    "createDisk",
    fc.record(
      {
        memory: newDisk,
        size,
        target,
        shared: flag,
        removable: flag,
        description: text,
        ...blocks,
      },
      { requiredKeys: ["memory", "size"] },
    ),
  ],
  [
    3,
    "createDisk",
    fc.record({ path, size, name: newDisk, target, sparse: flag, type: vhdType, ...blocks }, {
      requiredKeys: ["path", "size"],
    }),
  ],
  [
    2,
    "importDisk",
    fc.record({ path, name: newDisk, description: text, ...blocks }, { requiredKeys: ["path"] }),
  ],
  [5, "assignDisk", disk, target, some({ lun, readOnly: flag, shared: flag })],
  [3, "unassignDisk", disk, fc.option(target, { nil: undefined, freq: 1 }), force],
  [
    3,
    "moveDisk",
    disk,
    target,
    fc.tuple(
      fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, {
        weight: 1,
        arbitrary: some({ from: target, lun }),
      }),
      force,
    ).map(([one, other]) => ({ ...one, ...other })),
  ],
  [3, "setDisk", disk, some({ name: newDisk, description: text, shared: flag, readOnly: flag })],
  [
    2,
    "extendDisk",
    disk,
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ by: mostly([1 << 20, 4096], [512, 0]) }) },
      { weight: 4, arbitrary: fc.record({ to: pick(2 << 20, 4 << 20, 5 << 20) }) },
      { weight: 1, arbitrary: some({ by: size, to: size }) },
    ),
  ],
  [2, "removeDisk", disk, some({ deleteFile: flag })],
  [
    4,
    "apply",
    document,
    fc.tuple(some({ prune: flag }), force).map(([one, other]) => ({ ...one, ...other })),
  ],
  [3, "schedules.add", schedule],
  [
    2,
    "schedules.remove",
    mostly(["n", "v-backups", "v-backups"], ["x"], 6),
    maybe(pick("snapshot", "backup")),
  ],
  [
    1,
    "snapshots.limit",
    mostly(["v"], ["d", "x"], 4),
    maybe(mostly<number | null>([5 << 20, 1 << 30, null], [0, -1, 0.5])),
  ],
  [8, "logIn", host, target],
  [1, "logOut", host, target],
  [1, "restart"],
];

const command: fc.Arbitrary<Command> = fc.oneof(
  ...VERBS.map(([weight, verb, ...values]) => ({
    weight,
    arbitrary: fc.tuple(...values).map((drawn) => ({ verb, values: drawn })),
  })),
);

/** What there is to begin with, or a part of it: on an empty server most commands find nothing. */
const OPENING: readonly Command[] = [
  { verb: "addPortal", values: [{ address: "192.0.2.1", port: 3260 }, {}] },
  { verb: "createTarget", values: [{ name: "a", allow: ["any"] }] },
  { verb: "createTarget", values: [{ name: "b", allow: [ada] }] },
  { verb: "createDisk", values: [{ memory: "d", size: 1 << 20, target: "a" }] },
  { verb: "createDisk", values: [{ path: "/d/e.img", size: 1 << 20, target: "b" }] },
  { verb: "createDisk", values: [{ memory: "f", size: 2 << 20, shared: true, target: "a" }] },
  { verb: "createDisk", values: [{ path: "/d/v.vhd", size: 1 << 20, name: "v", type: "dynamic" }] },
  {
    verb: "schedules.add",
    values: [{ kind: "backup", disks: ["v"], cron: "@monthly", directory: "/tmp" }],
  },
  { verb: "logIn", values: ["ada", "a"] },
  { verb: "logIn", values: ["bob", "a"] },
  { verb: "logIn", values: ["ada", "b"] },
  { verb: "setChap", values: ["b", { user: "ada", secret: "a secret of ada" }] },
];

/** What an operator and the initiators do, one after the other. */
export const story: fc.Arbitrary<readonly Command[]> = fc.noBias(
  fc.tuple(
    fc.subarray([...OPENING], { minLength: OPENING.length - 2 }),
    fc.array(command, { minLength: 1, maxLength: 20, size: "max" }),
  ).map(([opening, commands]) => [...opening, ...commands]),
);
