/**
 * What the server is to be: the declared state, with a document put into it. An object that the
 * document names is made as the document says, and what is left out of it stays as it is, or has
 * its default in an object that is new. An object that it does not name stays too; where it is
 * pruned, objects go that a section of the document does not name.
 */
import { inconsistency } from "../consistency.ts";
import type { DeclaredState } from "../schema.ts";
import type { Declared } from "../secret_book.ts";
import { secretProblem } from "../secret_rules.ts";
import type { ServerDocument } from "./document.ts";
import { checkParents } from "./check_parents.ts";
import { checkRemovals } from "./check_removals.ts";
import { checkSharing } from "./check_sharing.ts";
import type { Findings } from "./findings.ts";
import { mergeAuthentication, type Secrets } from "./merge_authentication.ts";
import { mergeDisks } from "./merge_disks.ts";
import { mergeLuns } from "./merge_luns.ts";
import { mergeSchedules } from "./merge_schedules.ts";
import { mergeTargets } from "./merge_targets.ts";
import { overlaid } from "./overlaid.ts";
import { placedError } from "./place.ts";
import type { DeclaredLimits } from "../limits.ts";

export interface MergeOptions {
  readonly findings: Findings;
  /** A UUID for something new: the same for the same thing, so that a plan can be made again. */
  readonly draw: (what: string) => string;
  readonly prune: boolean;
}

/** What the document makes of what is declared; what does not fit is refused with its place. */
export function merge(
  declared: Declared,
  document: ServerDocument,
  options: MergeOptions,
): Declared {
  const { draw, prune } = options;
  const secrets: Secrets = { present: declared.secrets, added: new Map(), draw };
  const state = mergeSettings(declared.state, document, secrets);
  const { targets, names } = mergeTargets(state, document, { prune, secrets });
  const disks = mergeLuns(mergeDisks(state, document, options), { targets, names, document });
  const next: DeclaredState = mergeSchedules({ ...state, targets, disks }, state, document);
  checkSharing(next, document);
  checkRemovals(declared.state.disks, next);
  checkParents(declared.state.disks, next.disks, document);
  const known = new Map([...declared.secrets, ...secrets.added]);
  const problem = inconsistency(next) ?? secretProblem(next, known);
  if (problem === undefined) return { state: next, secrets: secrets.added };
  const nextStep = "change what it says of them, or what the server has";
  throw placedError([], "usage", `this does not fit together: ${problem}`, nextStep);
}

/** Null where none is set, as in a state that never had any. */
function mergeLimits(present: DeclaredLimits, limits: NonNullable<ServerDocument["limits"]>) {
  const merged = overlaid(present, limits);
  return Object.keys(merged).length === 0 ? null : merged;
}

/** What belongs to the server as a whole. */
function mergeSettings(
  state: DeclaredState,
  document: ServerDocument,
  secrets: Secrets,
): DeclaredState {
  const {
    targets: _targets,
    disks: _disks,
    schedules: _schedules,
    discovery,
    limits,
    ...settings
  } = document;
  const asked = { path: ["discovery"], secrets };
  return overlaid(state, {
    ...settings,
    discovery: discovery && mergeAuthentication(state.discovery ?? {}, discovery, asked),
    limits: limits && mergeLimits(state.limits ?? {}, limits),
  });
}
