/** The model of the verbs for portals. Initiators come to {@link ENTRANCE}, in group 1. */
import type { Force, NewPortal, PortalChanges, PortalFacts } from "../../../lib/config/control.ts";
import { type Model, type ModelPortal, require } from "./model.ts";

/** Where the sessions of the model come to. */
export const ENTRANCE = { address: "192.0.2.1", port: 3260 };

const WILDCARDS = ["::", "0.0.0.0"];

export const PORTAL_VERBS = {
  addPortal(model: Model, asked: NewPortal, { force }: Force): void {
    const { address, port, group = 1, advertise = null } = asked;
    const portal = checked({ address, port, group, advertise });
    const present = model.portals ?? [];
    requireFree(present, portal);
    change(model, [...present, portal], force);
  },

  removePortal(model: Model, place: PortalFacts, { force }: Force): void {
    const portal = found(model, place);
    const left = model.portals!.filter((each) => each !== portal);
    change(model, left.length === 0 ? undefined : left, force);
  },

  setPortal(model: Model, place: PortalFacts, changes: PortalChanges, { force }: Force): void {
    const portal = found(model, place);
    const set = checked({ ...portal, ...changes as Partial<ModelPortal> });
    requireFree(model.portals!.filter((each) => each !== portal), set);
    change(model, model.portals!.map((each) => each === portal ? set : each), force);
  },
};

/** Whether who comes to the entrance finds a portal there, in group 1. */
export function isReachable(portals: readonly ModelPortal[] | undefined): boolean {
  if (portals === undefined) return true;
  const here = portals.filter(({ port }) => port === ENTRANCE.port);
  const portal = here.find(({ address }) => address === ENTRANCE.address) ??
    here.find(({ address }) => WILDCARDS.includes(address));
  return portal?.group === 1;
}

/** Refused where it cuts sessions off, unless that is forced. */
function change(
  model: Model,
  portals: ModelPortal[] | undefined,
  force: boolean | undefined,
): void {
  const lost = isReachable(portals) ? [] : model.sessions;
  require(lost.length === 0 || force === true, "in-use", "sessions");
  model.portals = portals;
  model.end(lost, true);
}

function found(model: Model, { address, port }: PortalFacts): ModelPortal {
  require(isAddress(address), "usage", "no address");
  const portal = model.portals?.find((each) => each.address === address && each.port === port);
  require(portal !== undefined, "not-found", "no such portal");
  return portal;
}

function checked(portal: ModelPortal): ModelPortal {
  require(isAddress(portal.address), "usage", "no address");
  require(portal.port > 0, "usage", "no port");
  require(portal.group > 0, "usage", "no group");
  return portal;
}

function isAddress(text: string): boolean {
  return /^[0-9.:]+$/.test(text);
}

function requireFree(portals: readonly ModelPortal[], { address, port }: PortalFacts): void {
  const isFree = portals.every((each) => each.address !== address || each.port !== port);
  require(isFree, "in-use", "there is one");
}
