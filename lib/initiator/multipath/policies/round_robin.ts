/** All paths, one after the other. */
import type { MakePolicy } from "../policy.ts";
import { Turns } from "./turns.ts";

export const roundRobin: MakePolicy = () => {
  const turns = new Turns();
  return {
    select: (usable) => usable,
    choose: (selected) => turns.next(selected),
  };
};
