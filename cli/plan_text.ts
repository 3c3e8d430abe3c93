/** What applying a document does, for people. */
import type {
  FieldChangeFacts,
  PlanFacts,
  PlanStepFacts,
  StepSessionFacts,
} from "../lib/config/facts.ts";
import { printable } from "../lib/runtime/printable.ts";

/** Characters of a value that are shown. */
const LONGEST = 300;

/** A step with its details below it, each on a line. */
export function planText({ steps }: PlanFacts): string {
  return steps.map((step) => [headline(step), ...details(step)].join("\n  ")).join("\n");
}

/** `2 to add, 1 to remove; 3 sessions end`. */
export function planSummary(plan: PlanFacts): string {
  const { steps, applied } = plan;
  const counts = [["add", "added"], ["change", "changed"], ["remove", "removed"]] as const;
  const parts = counts.flatMap(([action, done]) => {
    const count = steps.filter((step) => step.action === action).length;
    return count === 0 ? [] : [applied ? `${count} ${done}` : `${count} to ${action}`];
  });
  return [parts.join(", "), ...disturbances(plan)].join("; ");
}

/** What is done to sessions, a clause an effect: `1 session ends`. */
export function disturbances({ steps, applied }: PlanFacts): string[] {
  const sessions = steps.flatMap((step) => step.sessions);
  const words = [
    ["ends", ["ends", "end", "ended"]],
    ["loses-disks", ["loses disks", "lose disks", "lost disks"]],
  ] as const;
  return words.flatMap(([effect, [one, several, done]]) => {
    const count = sessions.filter((session) => session.effect === effect).length;
    if (count === 0) return [];
    const verb = applied ? done : count === 1 ? one : several;
    return [`${count} ${count === 1 ? "session" : "sessions"} ${verb}`];
  });
}

function headline({ action, object, name }: PlanStepFacts): string {
  return object === "server" ? `set ${name}` : `${action} ${object} ${name}`;
}

const FILES = {
  created: "creates",
  imported: "imports",
  extended: "extends",
  kept: "leaves",
} as const;

function details(step: PlanStepFacts): string[] {
  const { action, changes, file, sessions, loss } = step;
  const lines: string[] = [];
  if (file !== null) lines.push(`${FILES[file.action]} ${file.path}`);
  if (loss !== null) lines.push(loss);
  lines.push(...sessions.map(sessionText));
  if (action === "change") lines.push(...changes.map(changeText));
  if (action === "add") lines.push(...changes.filter(isTelling).map(additionText));
  return lines.map((line) => printable(line, LONGEST));
}

function sessionText({ effect, initiator, from }: StepSessionFacts): string {
  const what = effect === "ends" ? "ends the session of" : "takes disks from the session of";
  return `${what} ${[initiator, ...from].join(" from ")}`;
}

/** Names and files are told elsewhere, and what is empty tells nothing. */
function isTelling({ field, to }: FieldChangeFacts): boolean {
  const isEmpty = to === null || to === "" || to === false ||
    (Array.isArray(to) && to.length === 0);
  return !isEmpty && field !== "name" && field !== "path";
}

function additionText({ field, to }: FieldChangeFacts): string {
  return `${field}: ${valueText(to)}`;
}

function changeText({ field, from, to }: FieldChangeFacts): string {
  if (!Array.isArray(from) || !Array.isArray(to)) {
    return `${field}: ${valueText(from)} → ${valueText(to)}`;
  }
  const [old, now] = [from.map(valueText), to.map(valueText)];
  const gone = old.filter((each) => !now.includes(each)).map((each) => `- ${each}`);
  const come = now.filter((each) => !old.includes(each)).map((each) => `+ ${each}`);
  return `${field}: ${[...gone, ...come].join(", ")}`;
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (value === null) return "none";
  if (typeof value === "object") return objectText(new Map(Object.entries(value)));
  return value === "" ? '""' : String(value);
}

/** A LUN as everybody writes it; of anything else its keys and values. */
function objectText(object: ReadonlyMap<string, unknown>): string {
  if (object.has("lun")) {
    const readOnly = object.get("readOnly") === true ? " read-only" : "";
    return `LUN ${object.get("lun")} ${object.get("disk")}${readOnly}`;
  }
  const given = [...object].filter(([, value]) => value !== null && value !== false);
  return given.map(([key, value]) => `${key} ${valueText(value)}`).join(", ");
}
