/**
 * Names that the operator gives to targets, disks, snapshots and schedules: they become parts of
 * paths, URLs and iSCSI names.
 */
import { ControlError } from "./control_error.ts";

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Names of devices wherever a path is read on Windows. */
const DEVICE_NAME = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/;

const NAME_FORM = "1 to 64 of the characters a-z 0-9 . _ -, the first a letter or a digit";

const EXAMPLES = {
  target: "mail",
  disk: "mail-data",
  snapshot: "before-upgrade",
  schedule: "nightly",
} as const;

/** Whether `name` may name any of these. */
export function isName(name: string): boolean {
  return NAME.test(name) && !name.includes("..") && !name.endsWith(".") && !DEVICE_NAME.test(name);
}

/** Refuses what may not name a `kind` of thing. */
export function checkName(kind: keyof typeof EXAMPLES, name: string): void {
  if (isName(name)) return;
  throw new ControlError(
    "usage",
    `${JSON.stringify(name)} cannot name a ${kind}`,
    `use ${NAME_FORM}, such as ${EXAMPLES[kind]}`,
  );
}

/** The name that a file gives its disk: its stem, in small letters. */
export function nameOfFile(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const period = file.lastIndexOf(".");
  const stem = (period > 0 ? file.slice(0, period) : file).toLowerCase();
  if (isName(stem)) return stem;
  throw new ControlError(
    "usage",
    `the file name ${JSON.stringify(file)} does not make a disk name`,
    `give one with --name: ${NAME_FORM}`,
  );
}
