/** Finds a device by what people may call it. */
import { ControlError } from "../config/control_error.ts";

interface Findable {
  readonly name: string;
  /** Null: it has none, or it is not known yet. */
  readonly identity: string | null;
  readonly target: string;
  readonly lun: number;
}

/** By its name, the unit's own name, or `TARGET/LUN`. */
export function findDevice<D extends Findable>(devices: readonly D[], text: string): D {
  const asked = text.toLowerCase();
  const found = devices.find(({ name, identity, target, lun }) =>
    [name, identity, `${target}/${lun}`].some((each) => each?.toLowerCase() === asked)
  );
  if (found !== undefined) return found;
  throw new ControlError(
    "not-found",
    `there is no device ${text}`,
    "see those that there are: sanctl initiator devices",
  );
}
