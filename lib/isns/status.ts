/** What came of a request. RFC 4171 5.4. */
export const Status = {
  SUCCESSFUL: 0,
  MESSAGE_FORMAT_ERROR: 2,
  INVALID_REGISTRATION: 3,
  INVALID_QUERY: 5,
  SOURCE_UNKNOWN: 6,
  SOURCE_UNAUTHORIZED: 8,
  NO_SUCH_ENTRY: 9,
  MESSAGE_NOT_SUPPORTED: 15,
  SCN_REGISTRATION_REJECTED: 17,
  ATTRIBUTE_NOT_IMPLEMENTED: 18,
  ESI_NOT_AVAILABLE: 21,
  REGISTRATION_FEATURE_NOT_SUPPORTED: 23,
} as const;

/** By code, in the words of the table there. */
const TEXTS: readonly string[] = [
  "successful",
  "unknown error",
  "message format error",
  "invalid registration",
  "reserved",
  "invalid query",
  "source unknown",
  "source absent",
  "source unauthorized",
  "no such entry",
  "version not supported",
  "internal error",
  "busy",
  "option not understood",
  "invalid update",
  "message not supported",
  "SCN event rejected",
  "SCN registration rejected",
  "attribute not implemented",
  "FC_DOMAIN_ID not available",
  "FC_DOMAIN_ID not allocated",
  "ESI not available",
  "invalid deregistration",
  "registration feature not supported",
];

/** What a status often comes from. */
const CAUSES: Readonly<Record<number, string>> = {
  [Status.INVALID_REGISTRATION]: "a name or a portal of it may be another's there",
  [Status.SOURCE_UNKNOWN]: "it does not know us",
  [Status.SOURCE_UNAUTHORIZED]: "its policy does not allow us that",
};

/** `invalid registration (status 3)`, and what may have brought that about. */
export function statusText(status: number): string {
  const text = `${TEXTS[status] ?? "a status that no standard has"} (status ${status})`;
  const cause = CAUSES[status];
  return cause === undefined ? text : `${text}: ${cause}`;
}
