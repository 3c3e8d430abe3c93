/** The version of sanctl, the same as in deno.json. */
export const VERSION = "0.1.0";

/** The version of the interface that the API offers; it changes when old clients would misread it. */
export const API_VERSION = 1;
