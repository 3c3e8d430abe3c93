/** What keeps a backup from being made or used, in the words of a control. */
import { BackupError, type BackupErrorKind } from "../../snapshot/backup/backup_error.ts";
import { ControlError, type ControlErrorKind } from "../control_error.ts";
import { fileFailure } from "../file_failure.ts";

const KINDS: Readonly<Record<BackupErrorKind, ControlErrorKind>> = {
  "not-found": "not-found",
  "in-use": "in-use",
  "foreign": "failed",
  "damaged": "failed",
};

export function backupFailure(path: string, cause: unknown): unknown {
  if (!(cause instanceof BackupError)) return fileFailure(path, cause);
  return new ControlError(KINDS[cause.kind], cause.message, cause.nextStep, { cause });
}
