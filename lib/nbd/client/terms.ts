/** What was agreed on for a connection, and what the server said of the export. */
export interface Terms {
  /** Octets of the export. */
  readonly size: number;
  readonly transmissionFlags: number;
  readonly minimumBlockSize: number;
  readonly maximumPayloadSize: number;
  readonly structuredReplies: boolean;
  /** By which replies name the context `base:allocation`; undefined: there is none. */
  readonly allocationContextId: number | undefined;
}

/** Whether the export has the abilities that the flags stand for. */
export function offers({ transmissionFlags }: Terms, flags: number): boolean {
  return (transmissionFlags & flags) === flags;
}
