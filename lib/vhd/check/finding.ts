/** What a check finds, and how grave it is. */

export type Severity =
  | "note" // worth knowing, and nothing is wrong
  | "flaw" // something is wrong, and no data is in danger
  | "risk"; // data may be lost, or read otherwise than it was written

/** Each kind, and how grave it is where it cannot be repaired: what can be is a flaw. */
const UNREPAIRABLE = {
  "no-footer": "risk",
  "tail-footer": "risk",
  "head-footer": "risk",
  "two-disks": "risk", // one footer is another disk's
  "header": "risk",
  "size": "risk", // what the disk should have is not in its file
  "table": "risk", // of a disk in use: the file places a block elsewhere than where it is
  "block-place": "risk",
  "file-gone": "risk", // of a disk in use: its file has no name any more
  "journal": "risk",
  "parent-missing": "risk",
  "parent-other": "risk",
  "parent-modified": "risk",
  "parent-chain": "risk", // it goes round in a circle, or is too long
  "parent-locator": "note",
  "remainder": "note", // octets between a fixed disk's end and its footer
  "leak": "note", // space that no block uses
  "spare-entry": "note", // the table places blocks behind the disk's end
  "bitmap": "note",
  "geometry": "note",
  "saved-state": "note",
} as const satisfies Record<string, Severity>;

export type FindingKind = keyof typeof UNREPAIRABLE;

export interface Finding {
  readonly kind: FindingKind;
  readonly path: string;
  /** Offset in that file. */
  readonly at: number;
  readonly severity: Severity;
  readonly repairable: boolean;
  /** For people: what it is, and, where it cannot be repaired, what to do. */
  readonly message: string;
}

/** A finding, and what puts it right: one step, after which the file is no worse at any moment. */
export interface Flaw {
  readonly finding: Finding;
  readonly mend?: (() => Promise<void>) | undefined;
}

export type Place = Pick<Finding, "path" | "at">;

/** A flaw that `mend` puts right; without it, what cannot be put right. */
export function flaw(
  kind: FindingKind,
  { path, at }: Place,
  message: string,
  mend?: () => Promise<void>,
): Flaw {
  const repairable = mend !== undefined;
  const severity = repairable ? "flaw" : UNREPAIRABLE[kind];
  return { finding: { kind, path, at, severity, repairable, message }, mend };
}

/** Whether the file itself may be wrong about its data: then nothing in it is touched. */
export function forbidsRepair({ kind, severity }: Finding): boolean {
  return severity === "risk" && !kind.startsWith("parent-");
}
