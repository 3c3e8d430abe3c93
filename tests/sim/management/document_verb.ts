/** The model of `apply`: what a document makes of the server. */
import type { ApplyOptions } from "../../../lib/config/control.ts";
import { parseSize } from "../../../lib/config/size.ts";
import {
  admits,
  areSeveral,
  checkIqn,
  checkName,
  description,
  HOSTS,
  identifiers,
  type Model,
  type ModelAssignment,
  type ModelDisk,
  type ModelSchedule,
  type ModelSession,
  type ModelTarget,
  require,
} from "./model.ts";
import { checkCron, checkScheduleName } from "./schedule_verbs.ts";

export interface DocumentLun {
  readonly disk: string;
  readonly lun?: number;
  readonly readOnly?: boolean;
}

export interface DocumentTarget {
  readonly name: string;
  readonly iqn?: string;
  readonly description?: string;
  readonly allow?: readonly string[];
  readonly luns?: readonly DocumentLun[];
}

export interface DocumentDisk {
  readonly name: string;
  readonly format?: "mem";
  readonly path?: string;
  readonly size?: string;
  readonly shared?: boolean;
  readonly description?: string;
}

export interface DocumentSchedule {
  readonly name: string;
  readonly kind: "snapshot";
  readonly disks: readonly string[];
  readonly cron: string;
  readonly keep: { readonly last: number };
}

export interface Document {
  readonly schedules?: readonly DocumentSchedule[] | null;
  readonly targets?: readonly DocumentTarget[];
  readonly disks?: readonly DocumentDisk[];
}

/** The server as it would be: copies, with what they are copies of. */
interface Draft {
  targets: ModelTarget[];
  disks: ModelDisk[];
  /** Of these disks; undefined where they stay. */
  schedules: ModelSchedule[] | undefined;
  readonly originals: Map<object, ModelTarget | ModelDisk>;
}

export const DOCUMENT_VERBS = {
  apply(model: Model, document: Document, options: ApplyOptions): void {
    checkForm(document);
    const draft = draftOf(model);
    const isPruned = options.prune ?? false;
    draftTargets(model, draft, document, isPruned);
    draftDisks(model, draft, document, isPruned);
    draftLuns(draft, document);
    draftSchedules(model, draft, document);
    checkSharing(draft);
    for (const [kind, most] of model.limits) {
      require(draft[kind].length <= most, "usage", "too many");
    }
    const affected = draftSessions(model, draft);
    require(!affected.any || options.force === true, "in-use", "sessions");
    const targets = commit(model, draft);
    model.end(affected.ends, true);
    for (const [session, target] of affected.stay) session.target = targets.get(target)!;
  },
};

function checkForm({ targets = [], disks = [], schedules }: Document): void {
  for (const { name, cron, keep } of schedules ?? []) {
    checkScheduleName(name);
    checkCron(cron);
    require(keep.last > 0, "usage", "it keeps nothing");
  }
  for (const { name, iqn, description: text, allow, luns } of targets) {
    checkName(name);
    luns?.forEach(({ disk }) => checkName(disk));
    if (iqn !== undefined) checkIqn(iqn);
    description(text ?? "");
    identifiers(allow ?? []);
  }
  for (const { name, path, description: text } of disks) {
    checkName(name);
    require(path === undefined || path.startsWith("/"), "usage", "no absolute path");
    description(text ?? "");
  }
  for (const section of [targets, disks]) {
    const names = section.map(({ name }) => name);
    require(new Set(names).size === names.length, "usage", "named twice");
  }
}

function draftOf({ targets, disks }: Model): Draft {
  const originals = new Map<object, ModelTarget | ModelDisk>();
  const copies = new Map(targets.map((target) => [target, { ...target }]));
  const diskCopies = disks.map((disk) => {
    const assignments = disk.assignments
      .map((each) => ({ ...each, target: copies.get(each.target)! }));
    const copy = { ...disk, assignments };
    originals.set(copy, disk);
    return copy;
  });
  for (const [target, copy] of copies) originals.set(copy, target);
  const schedules = undefined;
  return { targets: [...copies.values()], disks: diskCopies, schedules, originals };
}

function draftTargets(model: Model, draft: Draft, document: Document, isPruned: boolean): void {
  if (document.targets === undefined) return;
  const asked = document.targets;
  const going = draft.targets.filter(({ name }) => asked.every((each) => each.name !== name));
  const kept = new Set<ModelTarget>();
  const added: ModelTarget[] = [];
  for (const { name, iqn, description: text, allow } of asked) {
    let target = draft.targets.find((each) => each.name === name) ??
      (isPruned ? going.find((each) => each.iqn === iqn) : undefined);
    if (target === undefined) {
      const open = { chap: undefined, reverseChap: undefined };
      target = { name, iqn: `${model.iqnBase}:${name}`, description: "", allow: [], ...open };
      added.push(target);
    }
    kept.add(target);
    target.name = name;
    if (iqn !== undefined) target.iqn = iqn;
    if (text !== undefined) target.description = description(text);
    if (allow !== undefined) target.allow = identifiers(allow);
  }
  draft.targets = [...draft.targets.filter((each) => !isPruned || kept.has(each)), ...added];
  const iqns = draft.targets.map(({ iqn }) => iqn);
  require(new Set(iqns).size === iqns.length, "in-use", "the iSCSI name is taken");
}

function draftDisks(model: Model, draft: Draft, document: Document, isPruned: boolean): void {
  if (document.disks === undefined) return;
  const asked = document.disks;
  const going = draft.disks.filter(({ name }) => asked.every((each) => each.name !== name));
  const kept = new Set<ModelDisk>();
  const added: DocumentDisk[] = [];
  for (const each of asked) {
    const isSame = ({ path }: ModelDisk) => path !== null && path === each.path;
    const disk = draft.disks.find(({ name }) => name === each.name) ??
      (isPruned ? going.find(isSame) : undefined);
    if (disk === undefined) added.push(each);
    else changeDisk(disk, each);
    if (disk !== undefined) kept.add(disk);
  }
  draft.disks = draft.disks.filter((each) => !isPruned || kept.has(each));
  for (const each of added) draft.disks.push(newDisk(model, draft, each));
}

function changeDisk(disk: ModelDisk, asked: DocumentDisk): void {
  const { name, format, path, size } = asked;
  require(format === undefined || format === disk.format, "usage", "its format stays");
  require(path === undefined || path === disk.path, "usage", "its file stays");
  const octets = size === undefined ? disk.size : parseSize(size);
  require(octets >= disk.size, "usage", "it never shrinks");
  const text = asked.description === undefined ? disk.description : description(asked.description);
  Object.assign(disk, {
    name,
    size: octets,
    description: text,
    shared: asked.shared ?? disk.shared,
  });
}

function newDisk(model: Model, draft: Draft, asked: DocumentDisk): ModelDisk {
  const { name, format, path, size, shared = false } = asked;
  require((path === undefined) === (format === "mem"), "usage", "a file or memory");
  const isFree = path === undefined || draft.disks.every((disk) => disk.path !== path);
  require(isFree, "usage", "another's file");
  const found = path === undefined ? undefined : model.files.get(path);
  require(found !== undefined || size !== undefined, "usage", "no size");
  const octets = size === undefined ? found! : parseSize(size);
  require(octets >= (found ?? 0), "usage", "its file is larger");
  if (path !== undefined && found === undefined) {
    require(/\.(vhd|img)$/.test(path), "usage", "no format");
  }
  return {
    name,
    path: path ?? null,
    format: path === undefined
      ? "mem"
      : found === undefined && path.endsWith(".vhd")
      ? "vhd"
      : "raw",
    type: path !== undefined && found === undefined && path.endsWith(".vhd") ? "fixed" : null,
    uuid: undefined,
    size: octets,
    logicalBlockLength: 512,
    physicalBlockLength: 512,
    sparse: path === undefined,
    removable: false,
    shared,
    description: description(asked.description ?? ""),
    assignments: [],
  };
}

function draftSchedules(model: Model, draft: Draft, { schedules: asked }: Document): void {
  if (asked === undefined) {
    const kept = draft.disks.map((copy) => draft.originals.get(copy));
    const isKept = model.schedules.every(({ disks }) => disks.every((disk) => kept.includes(disk)));
    return require(isKept, "in-use", "a disk is scheduled");
  }
  const schedules = (asked ?? []).map(({ name, kind, disks: names, cron, keep }) => {
    const disks = names.map((each, at) => {
      const disk = draft.disks.find((it) => it.name === each);
      require(disk !== undefined, "not-found", "no disk");
      require(disk.format === "vhd", "usage", "no snapshots of it");
      require(names.indexOf(each) === at, "usage", "a disk twice");
      return disk;
    });
    return { name, kind, disks, cron, last: keep.last };
  });
  const names = schedules.map(({ name }) => name);
  require(new Set(names).size === names.length, "usage", "a schedule twice");
  const order = model.schedules.map(({ name }) => name);
  const place = ({ name }: ModelSchedule) => (order.indexOf(name) + 1) || order.length + 1;
  draft.schedules = schedules.sort((one, other) => place(one) - place(other));
}

function draftLuns(draft: Draft, { targets: asked = [] }: Document): void {
  const { targets, disks } = draft;
  for (const disk of disks) {
    disk.assignments = disk.assignments.filter(({ target }) => targets.includes(target));
  }
  for (const { name, luns } of asked) {
    if (luns === undefined) continue;
    const target = targets.find((each) => each.name === name)!;
    const names = luns.map(({ disk }) => disk);
    require(
      names.every((each) => disks.some((disk) => disk.name === each)),
      "not-found",
      "no disk",
    );
    require(new Set(names).size === names.length, "usage", "a disk twice");
    place(draft, target, luns);
  }
}

/** Puts the disks behind the LUNs of the target, and takes all others from it. */
function place({ disks }: Draft, target: ModelTarget, luns: readonly DocumentLun[]): void {
  const isHere = (each: ModelAssignment) => each.target === target;
  const wanted = luns.map((lun) => {
    const disk = disks.find(({ name }) => name === lun.disk)!;
    const present = disk.assignments.find(isHere);
    const readOnly = lun.readOnly ?? present?.readOnly ?? false;
    return { disk, present, readOnly, lun: lun.lun ?? present?.lun };
  });
  const taken = wanted.flatMap(({ lun }) => lun ?? []);
  require(new Set(taken).size === taken.length, "usage", "a LUN twice");
  for (const disk of disks) {
    const found = wanted.find((each) => each.disk === disk);
    if (found === undefined) disk.assignments = disk.assignments.filter((each) => !isHere(each));
  }
  for (const { disk, present, readOnly, lun: asked } of wanted) {
    let lun = asked ?? 0;
    while (asked === undefined && taken.includes(lun)) lun++;
    taken.push(lun);
    const assignment = { target, lun, readOnly };
    disk.assignments = present === undefined
      ? [...disk.assignments, assignment]
      : disk.assignments.map((each) => each === present ? assignment : each);
  }
}

function checkSharing({ disks }: Draft): void {
  for (const { shared, assignments: [first, ...others] } of disks) {
    if (shared || first === undefined) continue;
    require(others.length === 0, "in-use", "two targets");
    require(first.readOnly || !areSeveral(first.target.allow), "in-use", "two writers");
  }
}

/** Who stays with which target, and who does not. */
function draftSessions(model: Model, draft: Draft) {
  const ends = [];
  const stay = new Map<ModelSession, ModelTarget>();
  let any = false;
  for (const session of model.sessions) {
    const { target, host } = session;
    const successor = draft.targets.find(({ iqn }) => iqn === target.iqn);
    if (successor === undefined || !admits(successor, HOSTS[host]!)) {
      ends.push(session);
      any = true;
      continue;
    }
    stay.set(session, successor);
    const now = new Map(
      draft.disks.flatMap((disk) =>
        disk.assignments.filter((each) => each.target === successor)
          .map(({ lun }) => [lun, draft.originals.get(disk)] as const)
      ),
    );
    if (model.luns(target).some(({ lun, disk }) => now.get(lun) !== disk)) any = true;
  }
  return { ends, stay, any };
}

/** Makes the draft the server: what is a copy changes what it is a copy of. */
function commit(model: Model, draft: Draft): ReadonlyMap<ModelTarget, ModelTarget> {
  const targets = new Map(draft.targets.map((copy) => {
    const original = draft.originals.get(copy) as ModelTarget | undefined;
    return [copy, original === undefined ? copy : Object.assign(original, copy)];
  }));
  model.targets = [...targets.values()];
  model.disks = draft.disks.map((copy) => {
    const assignments = copy.assignments
      .map((each) => ({ ...each, target: targets.get(each.target)! }));
    if (copy.path !== null) model.files.set(copy.path, copy.size);
    const original = draft.originals.get(copy) as ModelDisk | undefined;
    return Object.assign(original ?? copy, copy, { assignments });
  });
  if (draft.schedules !== undefined) {
    const final = (copy: ModelDisk) => (draft.originals.get(copy) ?? copy) as ModelDisk;
    model.schedules = draft.schedules.map((each) => ({ ...each, disks: each.disks.map(final) }));
  }
  return targets;
}
