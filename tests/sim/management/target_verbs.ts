/** The model of the verbs for targets and their sessions. */
import type {
  DisconnectOptions,
  Force,
  NewChap,
  NewReverseChap,
  NewTarget,
  SessionChoice,
  TargetChanges,
} from "../../../lib/config/control.ts";
import {
  areSeveral,
  checkIqn,
  checkName,
  description,
  type Guarded,
  identifiers,
  type Model,
  type ModelTarget,
  require,
} from "./model.ts";

const ALGORITHMS = ["sha3-256", "sha256", "sha1", "md5"];

export const TARGET_VERBS = {
  createTarget(model: Model, asked: NewTarget): void {
    const { name } = asked;
    checkName(name);
    requireFreeName(model, name);
    const iqn = asked.iqn ?? `${model.iqnBase}:${name}`;
    checkIqn(iqn);
    requireFreeIqn(model, iqn);
    model.requireRoom("targets");
    const allow = identifiers(asked.allow ?? []);
    const text = description(asked.description ?? "");
    const open = { chap: undefined, reverseChap: undefined };
    model.targets.push({ name, iqn, description: text, allow, ...open });
  },

  setTarget(model: Model, name: string, changes: TargetChanges, { force }: Force): void {
    const target = model.target(name);
    const text = changes.description === undefined
      ? target.description
      : description(changes.description);
    const iqn = changes.iqn ?? target.iqn;
    checkIqn(iqn);
    const sessions = model.sessionsOf(target);
    if (iqn !== target.iqn) {
      requireFreeIqn(model, iqn);
      require(sessions.length === 0 || force === true, "in-use", "sessions");
    }
    if (changes.name !== undefined && changes.name !== name) {
      checkName(changes.name);
      requireFreeName(model, changes.name);
    }
    if (iqn !== target.iqn) model.end(sessions, true);
    Object.assign(target, { description: text, iqn, name: changes.name ?? name });
  },

  deleteTarget(model: Model, name: string, { force }: Force): void {
    const target = model.target(name);
    const sessions = model.sessionsOf(target);
    require(sessions.length === 0 || force === true, "in-use", "sessions");
    removeTarget(model, target);
  },

  allow(model: Model, name: string, ids: readonly string[]): void {
    const target = model.target(name);
    require(ids.length > 0, "usage", "nobody is named");
    const allow = [...new Set([...target.allow, ...identifiers(ids)])];
    const isExclusive = model.luns(target).some(({ disk, readOnly }) => !disk.shared && !readOnly);
    const isMore = allow.length > target.allow.length;
    require(!isMore || !isExclusive || !areSeveral(allow), "in-use", "two writers");
    target.allow = allow;
  },

  deny(model: Model, name: string, ids: readonly string[]): void {
    const target = model.target(name);
    require(ids.length > 0, "usage", "nobody is named");
    const gone = identifiers(ids);
    require(gone.every((id) => target.allow.includes(id)), "not-found", "not admitted");
    target.allow = target.allow.filter((id) => !gone.includes(id));
    model.endOutcasts(target);
  },

  setLimits(model: Model, changes: Readonly<Record<string, number | null>>): void {
    const limits = new Map(model.limits);
    for (const [name, value] of Object.entries(changes)) {
      require(name === "targets" || name === "disks", "usage", "no such limit");
      require(value === null || value >= 1, "usage", "out of range");
      if (value === null) limits.delete(name);
      else limits.set(name, value);
    }
    for (const [kind, most] of limits) require(model[kind].length <= most, "in-use", "too many");
    for (const kind of ["targets", "disks"] as const) {
      const most = limits.get(kind);
      if (most === undefined) model.limits.delete(kind);
      else model.limits.set(kind, most);
    }
  },

  disconnect(model: Model, choice: SessionChoice, { waitSeconds = 5 }: DisconnectOptions): void {
    const target = choice.target === undefined ? undefined : model.target(choice.target);
    const ways = [choice.ids, choice.target, choice.all].filter((way) => way !== undefined);
    require(ways.length === 1, "usage", "which sessions");
    require(choice.ids === undefined, "not-found", "no session has such an id");
    require(waitSeconds <= 30, "usage", "too long");
    model.end(target === undefined ? model.sessions : model.sessionsOf(target), waitSeconds > 0);
  },

  setChap(model: Model, name: string | undefined, asked: NewChap | undefined): void {
    const guarded = model.guarded(name);
    if (asked === undefined) {
      require(guarded.chap !== undefined, "not-found", "no CHAP");
      Object.assign(guarded, { chap: undefined, reverseChap: undefined });
      return;
    }
    checkSecret(asked);
    const known = asked.algorithms?.every((each) => ALGORITHMS.includes(each)) ?? true;
    require(known && asked.algorithms?.length !== 0, "usage", "no algorithm");
    requireOneDirection(model, guarded, "reverseChap", asked.secret);
    const algorithms = asked.algorithms ?? guarded.chap?.algorithms ?? ALGORITHMS;
    guarded.chap = {
      user: asked.user,
      secret: asked.secret,
      algorithms: ALGORITHMS.filter((each) => algorithms.includes(each)),
    };
  },

  setReverseChap(model: Model, name: string | undefined, asked: NewReverseChap | undefined): void {
    const guarded = model.guarded(name);
    if (asked === undefined) {
      require(guarded.reverseChap !== undefined, "not-found", "no reverse CHAP");
      guarded.reverseChap = undefined;
      return;
    }
    require(guarded.chap !== undefined, "usage", "reverse CHAP goes with CHAP");
    checkSecret(asked);
    requireOneDirection(model, guarded, "chap", asked.secret);
    guarded.reverseChap = { user: asked.user, secret: asked.secret };
  },
};

export function removeTarget(model: Model, target: ModelTarget): void {
  model.end(model.sessionsOf(target), true);
  for (const disk of model.disks) {
    disk.assignments = disk.assignments.filter((each) => each.target !== target);
  }
  model.targets = model.targets.filter((each) => each !== target);
}

function requireFreeName({ targets }: Model, name: string): void {
  require(targets.every((target) => target.name !== name), "in-use", "the name is taken");
}

function requireFreeIqn({ targets }: Model, iqn: string): void {
  require(targets.every((target) => target.iqn !== iqn), "in-use", "the iSCSI name is taken");
}

function checkSecret({ user, secret, longSecret }: NewReverseChap): void {
  require(secret.length >= 12 && secret.length <= (longSecret ? 255 : 16), "usage", "its length");
  require(user !== "", "usage", "no user");
}

/** Nobody proves itself by a secret by which somebody else is proved to. */
function requireOneDirection(
  { targets, discovery }: Model,
  changed: Guarded,
  other: keyof Guarded,
  secret: string,
): void {
  const taken = [discovery, ...targets].some((each) => each[other]?.secret === secret);
  require(!taken, "usage", `${changed === discovery ? "discovery" : "a target"}: both directions`);
}
