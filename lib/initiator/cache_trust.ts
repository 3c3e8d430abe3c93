/**
 * Whether what a unit had in its write cache can be taken to be there still, through the sessions
 * that lead to it. Within one a unit has to say that it was restarted; at the beginning of one,
 * that it was not: one that says nothing, or that may have spoken where nobody heard, gets no
 * benefit of the doubt. A first session is no exception: writes may have gone other ways before.
 */
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { meaningOf } from "./status_policy.ts";

export class CacheTrust {
  /** What was in the cache may be gone, and nobody has looked yet. */
  #isSuspected = false;
  /** It was told while somebody looked: what he saw may be gone as well. */
  #isSuspectedAnew = false;
  /** In this session the unit has been found to be as it was, cache and all. */
  #isVouchedFor = false;
  /** So it had in the session before: what it says of the time between is all that there is. */
  #mayBeVouchedFor = false;
  /** The unit has said that it only lost the nexus. */
  #hasVouched = false;

  sessionBegan(): void {
    // Had the last one ended before its check, a restart might have been told to that one alone.
    this.#mayBeVouchedFor = this.#isVouchedFor;
    this.#isVouchedFor = this.#hasVouched = false;
  }

  /** A unit attention of the unit. */
  heard(sense: ReceivedSense): void {
    const { suspectsCache, vouchesForCache } = meaningOf(sense);
    if (suspectsCache) this.#isSuspected = this.#isSuspectedAnew = true;
    if (vouchesForCache) this.#hasVouched = true;
  }

  /** Somebody has to look what is there before anything goes on. */
  get isDoubtful(): boolean {
    if (this.#isSuspected) return true;
    return !this.#isVouchedFor && !(this.#hasVouched && this.#mayBeVouchedFor);
  }

  /** Somebody looks; if another session comes in between, that has to be done again. */
  beginLook(): void {
    this.#isSuspected = true;
    this.#isSuspectedAnew = false;
  }

  /** All who needed to have looked: they know what is there, unless that has changed again. */
  endLook(): void {
    this.#isSuspected = this.#isSuspectedAnew;
    this.#isVouchedFor = true;
  }

  /** The unit is as it was. */
  vouch(): void {
    this.#isVouchedFor = true;
  }
}
