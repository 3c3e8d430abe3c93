/**
 * What the network says about who comes. It is found out while a login waits, and remembered; to
 * judge takes no time then, whoever judges.
 */
import type { IpAddress } from "./ip_address.ts";

/** What was found out, or why it could not be. */
export type Finding<T> = { readonly value: T } | { readonly failure: string };

/** Something to find out about a peer. */
export type Question =
  /** Which addresses has that host, and is the peer's among them? */
  | { readonly host: string; readonly peer: IpAddress | undefined }
  /** Which hardware address has that neighbour? */
  | { readonly neighbour: IpAddress };

export interface Witness {
  /** As far as it is known at this moment. */
  addressesOf(host: string): Finding<readonly IpAddress[]>;
  hardwareAddressOf(neighbour: IpAddress): Finding<string>;
  /**
   * Resolves when all questions are answered, be it with a failure, and not much later than within
   * a few seconds; undefined where nothing needs to be asked anew. It never rejects.
   */
  find(questions: readonly Question[]): Promise<void> | undefined;
  /** After `find`: whether one of them is not answered yet, not even with a failure. */
  isUnanswered(questions: readonly Question[]): boolean;
}

/** Knows nobody. */
export const NO_WITNESS: Witness = {
  addressesOf: () => ({ failure: "host names are not resolved here" }),
  hardwareAddressOf: () => ({ failure: "neighbours are not looked up here" }),
  find: () => undefined,
  isUnanswered: () => false,
};
