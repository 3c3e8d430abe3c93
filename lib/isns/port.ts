/** Where iSNS servers listen unless something else is said. RFC 4171 8. */
export const ISNS_PORT = 3205;
