/** What went wrong with a target, in the terms of commands. */
import { ControlError } from "../config/control_error.ts";
import { CommandFailure } from "../initiator/command.ts";
import { InitiatorError } from "../initiator/initiator_error.ts";
import { LoginRefused } from "../initiator/login_error.ts";

export function controlErrorOf(error: unknown): unknown {
  if (error instanceof InitiatorError) {
    const loginStatus = error instanceof LoginRefused ? error.status : undefined;
    return new ControlError(error.kind, error.message, error.next, { cause: error, loginStatus });
  }
  if (error instanceof CommandFailure) {
    const next = "see whether the target runs: sanctl initiator sessions";
    return new ControlError("unreachable", error.message, next, { cause: error });
  }
  return error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where no service runs. */
export function notRunning(what: string): ControlError {
  return new ControlError(
    "unreachable",
    `${what} needs the initiator service, which does not run`,
    "start it: sanctl initiator serve",
  );
}
