/** The paths of the subset, one after the other; where none of them is left, the others. */
import type { MakePolicy } from "../policy.ts";
import { Turns } from "./turns.ts";

export const roundRobinWithSubset: MakePolicy = () => {
  const turns = new Turns();
  return {
    select(usable) {
      const subset = usable.filter(({ isInSubset }) => isInSubset);
      return subset.length > 0 ? subset : usable;
    },
    choose: (selected) => turns.next(selected),
  };
};
