/** The targets that a document makes of those there are. Their LUNs are another matter. */
import { createTarget } from "../operations/create_target.ts";
import { type DeclaredState, type DeclaredTarget, emptyState } from "../schema.ts";
import type { DocumentTarget, ServerDocument } from "./document.ts";
import { mergeAuthentication, type Secrets } from "./merge_authentication.ts";
import { overlaid } from "./overlaid.ts";
import { placedError } from "./place.ts";

export interface MergedTargets {
  readonly targets: DeclaredTarget[];
  /** What the targets that stay were called → what they are called now. */
  readonly names: ReadonlyMap<string, string>;
}

export interface MergeTargetsOptions {
  readonly prune: boolean;
  readonly secrets: Secrets;
}

export function mergeTargets(
  state: DeclaredState,
  document: ServerDocument,
  { prune, secrets }: MergeTargetsOptions,
): MergedTargets {
  const asked = document.targets ?? [];
  const byName = new Map(state.targets.map((target) => [target.name, target]));
  const named = new Set(asked.map(({ name }) => name));
  const leftOut = state.targets.filter(({ name }) => !named.has(name));
  const isPruned = prune && document.targets !== undefined;
  // Whoever is to go and has the iSCSI name of a new one is that one under another name.
  const byIqn = new Map(isPruned ? leftOut.map((target) => [target.iqn, target]) : []);
  const changed = new Map<DeclaredTarget, DeclaredTarget>();
  const added: DeclaredTarget[] = [];
  asked.forEach((target, at) => {
    const current = byName.get(target.name) ?? byIqn.get(target.iqn ?? "");
    const base = current ?? newTarget(state, target.name);
    const merged = mergeTarget(base, target, { path: ["targets", at], secrets });
    if (current === undefined) added.push(merged);
    else changed.set(current, merged);
  });
  const kept = state.targets.filter((target) => !isPruned || changed.has(target));
  const targets = [...kept.map((target) => changed.get(target) ?? target), ...added];
  checkIqns(targets, document);
  return {
    targets,
    names: new Map(kept.map((target) => [target.name, (changed.get(target) ?? target).name])),
  };
}

function mergeTarget(
  present: DeclaredTarget,
  { luns: _, chap, reverseChap, ...target }: DocumentTarget,
  asked: Parameters<typeof mergeAuthentication>[2],
): DeclaredTarget {
  const authentication = mergeAuthentication(present, { chap, reverseChap }, asked);
  const { chap: _chap, reverseChap: _reverseChap, ...rest } = overlaid(present, target);
  return { ...rest, ...authentication };
}

/** A target with nothing but its name given. */
function newTarget({ iqnBase }: DeclaredState, name: string): DeclaredTarget {
  return createTarget(emptyState(iqnBase), { name }).state.targets[0]!;
}

function checkIqns(targets: readonly DeclaredTarget[], document: ServerDocument): void {
  const named = new Map((document.targets ?? []).map(({ name }, at) => [name, at]));
  const holders = new Map<string, string>();
  for (const { name, iqn } of targets) {
    const holder = holders.get(iqn);
    holders.set(iqn, name);
    if (holder === undefined) continue;
    const [one, other] = named.has(name) ? [name, holder] : [holder, name];
    throw placedError(
      ["targets", named.get(one) ?? 0, "iqn"],
      "in-use",
      `target ${one} cannot have the iSCSI name ${iqn}, which is that of target ${other}`,
      "give each target an iSCSI name of its own",
    );
  }
}
