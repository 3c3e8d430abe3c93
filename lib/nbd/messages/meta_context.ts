/** The one metadata context that the protocol itself defines. doc/proto.md, "Metadata querying". */

export const ALLOCATION_CONTEXT = "base:allocation";
/** Stands for all contexts of the namespace where they are listed. */
export const BASE_NAMESPACE = "base:";

/** Status flags of `base:allocation`. */
export const AllocationState = { HOLE: 0x01, ZERO: 0x02 } as const;
