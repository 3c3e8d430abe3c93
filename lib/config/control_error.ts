/** Why an operation was not done, in the terms that exit codes and HTTP statuses share. */

export const CONTROL_ERROR_KINDS = [
  "failed",
  "usage",
  "in-use",
  "not-found",
  "permission",
  "unreachable",
  "at-risk", // a disk's data may be lost, or not what it was
] as const;
export type ControlErrorKind = typeof CONTROL_ERROR_KINDS[number];

/** The exit code of a command that ends with an error of the kind. */
export const EXIT_CODES: Readonly<Record<ControlErrorKind, number>> = {
  "failed": 1,
  "usage": 2,
  "in-use": 3,
  "not-found": 4,
  "permission": 5,
  "unreachable": 6,
  "at-risk": 7,
};

/**
 * The HTTP status under which the API answers an error of the kind; the client reads the kind
 * itself.
 */
export const HTTP_STATUSES = {
  "failed": 500,
  "usage": 400,
  "in-use": 409,
  "not-found": 404,
  "permission": 403,
  "unreachable": 502,
  "at-risk": 500,
} as const satisfies Record<ControlErrorKind, number>;

/** Where something is in plain data: the keys and indices that lead to it. */
export type DataPath = readonly PropertyKey[];

export interface ControlErrorOptions extends ErrorOptions {
  readonly place?: DataPath | undefined;
  readonly loginStatus?: number | undefined;
}

/** An operation that was not done; nothing of it was. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  /** What the operator can do about it, as a sentence without a period; often a command. */
  readonly nextStep: string | undefined;
  /** Where in what was given something is wrong, if that is a document. */
  readonly place: DataPath | undefined;
  /** By which status a target refused a login, if one did. RFC 7143 11.13.5. */
  readonly loginStatus: number | undefined;

  /** `message` names the object and the cause. */
  constructor(
    readonly kind: ControlErrorKind,
    message: string,
    nextStep?: string,
    options?: ControlErrorOptions,
  ) {
    super(message, options);
    this.nextStep = nextStep;
    this.place = options?.place;
    this.loginStatus = options?.loginStatus;
  }
}
