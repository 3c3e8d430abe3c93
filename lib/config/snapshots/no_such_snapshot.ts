import { ControlError } from "../control_error.ts";

export function noSuchSnapshot(name: string): ControlError {
  return new ControlError(
    "not-found",
    `there is no snapshot ${JSON.stringify(name)}`,
    "sanctl snapshot list shows those there are",
  );
}
