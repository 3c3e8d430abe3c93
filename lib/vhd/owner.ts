/** Who holds a sector of a chain: a layer by its place from the top down, or nobody. */

/** The layer on top. */
export const TOP = 0;
/** No layer holds it: it reads as zeros. */
export const NOBODY = 253;
/** Layers of a chain at most. */
export const MOST_LAYERS = 128;
