/** What a path is made of, as far as multipath needs to know: of a KeptSession and a UnitPath. */
import type { ReceivedSense } from "../../scsi/sense_data.ts";
import type { UnitRoute, UnitRouteObserver } from "../unit_route.ts";

/** Those who are told of changes. */
export interface Observers<O> {
  add(observer: O): unknown;
  delete(observer: O): boolean;
}

/** A session that is kept: when it is lost, another one takes its place under the same ISID. */
export interface Kept {
  readonly isid: Uint8Array;
  /** As it is now; undefined without one. */
  readonly session: { readonly targetPortalGroupTag: number | undefined } | undefined;
  readonly observers: Observers<{ stateChanged?(): void; loginFailed?(): void }>;
  /** Why there is no session. */
  readonly lastError: Error | undefined;
  /** What every login waits for. */
  beforeLogin: (() => Promise<void>) | undefined;
  /** It is worth a try now. */
  retry(): void;
}

export interface WayObserver extends UnitRouteObserver {
  stateChanged?(): void;
  attention?(sense: ReceivedSense): void;
}

/** The unit through one such session. What is under way when that is lost fails at once. */
export interface Way extends Omit<UnitRoute, "observers"> {
  readonly state: "checking" | "usable" | "suspended" | "quarantined" | "offline" | "closed";
  readonly lastError: Error | undefined;
  readonly observers: Observers<WayObserver>;
  /** Has the unit show again what it is. */
  recheck(): void;
}
