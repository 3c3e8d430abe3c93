/** What becomes of requests, decided by whoever received them. */
import type { InFlight } from "../../block/in_flight.ts";
import type { PendingRequest } from "./pending_request.ts";

export interface Host {
  /** It is done with, well or not as its `error` says: the reply is due. */
  finished(request: PendingRequest): void;
  /** Its last octet has been laid out. */
  answered(request: PendingRequest): void;
  /** The device could not do what the request asked; anything but a DeviceError is our own bug. */
  failed(request: PendingRequest, error: unknown): void;
  /** Something went wrong that no peer and no device did. */
  crashed(error: unknown): void;
  /** Something may be laid out, or received, that could not be before. */
  wake(): void;
  /** What the device is doing for the connection. */
  readonly inFlight: InFlight;
  /** The connection is gone: nobody waits for an answer. */
  readonly aborted: boolean;
}
