/** The path with the least weight; those that weigh the same take turns. */
import type { MakePolicy } from "../policy.ts";
import { Turns } from "./turns.ts";

export const weightedPaths: MakePolicy = () => {
  const turns = new Turns();
  return {
    select(usable) {
      const least = Math.min(...usable.map(({ weight }) => weight));
      return usable.filter(({ weight }) => weight === least);
    },
    choose: (selected) => turns.next(selected),
  };
};
