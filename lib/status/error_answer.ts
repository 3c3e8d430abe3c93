/**
 * Errors as the API answers them, and as its client reads them back. Loads nothing heavy: thin
 * commands use it.
 */
import {
  CONTROL_ERROR_KINDS,
  ControlError,
  type ControlErrorKind,
} from "../config/control_error.ts";

/** What stands in the body of every answer that is an error. */
export interface ErrorBody {
  readonly error: {
    readonly kind: ControlErrorKind;
    readonly message: string;
    readonly nextStep: string | null;
  };
}

export function errorBody(error: ControlError): ErrorBody {
  const { kind, message, nextStep } = error;
  return { error: { kind, message, nextStep: nextStep ?? null } };
}

/** The error that an answer carries; undefined where it carries none. */
export function errorOf(body: unknown): ControlError | undefined {
  if (!isRecord(body) || !isRecord(body["error"])) return undefined;
  const { kind, message, nextStep } = body["error"];
  const known = CONTROL_ERROR_KINDS.find((each) => each === kind);
  if (known === undefined || typeof message !== "string") return undefined;
  return new ControlError(known, message, typeof nextStep === "string" ? nextStep : undefined);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
