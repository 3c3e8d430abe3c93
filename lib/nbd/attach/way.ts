/** How programs of this machine reach what is attached. */

/** The kernel's own block device, a file, or by its URL alone; the most useful one first. */
export const ATTACH_WAYS = ["nbd", "nbdfuse", "url"] as const;
export type AttachWay = typeof ATTACH_WAYS[number];
