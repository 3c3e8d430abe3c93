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
    /** Keys and indices: where in a document something is wrong. */
    readonly place: readonly (string | number)[] | null;
    /** By which status a target refused a login. */
    readonly loginStatus: number | null;
  };
}

export function errorBody(error: ControlError): ErrorBody {
  const { kind, message, nextStep = null, place, loginStatus = null } = error;
  const keys = place?.map((key) => typeof key === "symbol" ? String(key) : key) ?? null;
  return { error: { kind, message, nextStep, place: keys, loginStatus } };
}

/** The error that an answer carries; undefined where it carries none. */
export function errorOf(body: unknown): ControlError | undefined {
  if (!isRecord(body) || !isRecord(body["error"])) return undefined;
  const { kind, message, nextStep, place, loginStatus } = body["error"];
  const known = CONTROL_ERROR_KINDS.find((each) => each === kind);
  if (known === undefined || typeof message !== "string") return undefined;
  return new ControlError(known, message, typeof nextStep === "string" ? nextStep : undefined, {
    place: Array.isArray(place) ? place : undefined,
    loginStatus: typeof loginStatus === "number" ? loginStatus : undefined,
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
