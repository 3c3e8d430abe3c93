/** Which targets a server shows us, and where they are. RFC 4171 5.6.5.2. */
import { isName, normaliseName } from "../iscsi/name.ts";
import { ISCSI_PORT } from "../iscsi/portal_address.ts";
import { formatIpAddress, type IpAddress } from "../net/ip_address.ts";
import {
  type Attribute,
  attribute,
  DELIMITER,
  empty,
  operating,
  type ValueOf,
  valueOf,
} from "./attribute.ts";
import { type AttributeName, NodeType, UDP_PORT } from "./attribute_table.ts";
import type { Question } from "./conversation.ts";
import { FunctionId } from "./function_id.ts";
import type { IsnsLimits } from "./limits.ts";

export interface RegisteredPortal {
  readonly address: string;
  readonly port: number;
  /** Undefined: not told. */
  readonly portalGroupTag: number | undefined;
}

export interface RegisteredTarget {
  /** Normalised. */
  readonly name: string;
  readonly portals: readonly RegisteredPortal[];
}

/** What is asked about targets: the node, its portals, and which groups they are in. */
const WANTED: readonly Attribute[] = [
  empty("iscsiName"),
  empty("iscsiNodeType"),
  empty("portalAddress"),
  empty("portalPort"),
  empty("portalGroupName"),
  empty("portalGroupAddress"),
  empty("portalGroupPort"),
  empty("portalGroupTag"),
];

/** Asks for every target that the initiator may see. */
export function queryTargets(source: string): Question {
  return {
    functionId: FunctionId.DevAttrQry,
    attributes: [
      attribute("iscsiName", source),
      attribute("iscsiNodeType", NodeType.TARGET),
      DELIMITER,
      ...WANTED,
    ],
  };
}

/** Asks for one node. */
export function queryNode(source: string, name: string): Question {
  return {
    functionId: FunctionId.DevAttrQry,
    attributes: [
      attribute("iscsiName", source),
      attribute("iscsiName", name),
      DELIMITER,
      ...WANTED,
    ],
  };
}

/** Asks for the node behind one, or for the first. RFC 4171 5.6.5.3. */
export function queryNextNode(source: string, previous: string | undefined): Question {
  return {
    functionId: FunctionId.DevGetNext,
    attributes: [
      attribute("iscsiName", source),
      previous === undefined ? empty("iscsiName") : attribute("iscsiName", previous),
      DELIMITER,
      empty("iscsiNodeType"),
    ],
  };
}

/** The node that an answer to `queryNextNode` tells of. */
export function nextNode(answer: readonly Attribute[]) {
  const type = valueOf(operating(answer), "iscsiNodeType");
  return {
    name: valueOf(answer, "iscsiName"),
    isTarget: type !== undefined && (type & NodeType.TARGET) !== 0,
  };
}

/** Portals of a node: those that its groups name, and those that were told behind it. */
interface Found {
  isTarget: boolean;
  readonly grouped: Map<string, RegisteredPortal>;
  readonly behind: Map<string, RegisteredPortal>;
  /** Portals that groups say do not lead to the node. */
  readonly excluded: Set<string>;
}

/** Reads answers; what is no name or no portal of TCP is left out, and so is what is too much. */
export class TargetsReader {
  readonly #limits: IsnsLimits;
  readonly #found = new Map<string, Found>();
  /** Something was left out. */
  isCut = false;

  constructor(limits: IsnsLimits) {
    this.#limits = limits;
  }

  /** Attributes of one object stand together, its key first. RFC 4171 5.6.4. */
  read(answer: readonly Attribute[]): void {
    const attributes = operating(answer);
    let node: Found | undefined;
    for (const [at, each] of attributes.entries()) {
      const next = attributes.slice(at + 1, at + 4);
      if (is(each, "iscsiName")) node = this.#node(each.value);
      else if (is(each, "iscsiNodeType") && node !== undefined && each.value !== undefined) {
        node.isTarget = (each.value & NodeType.TARGET) !== 0;
      } else if (is(each, "portalAddress") && node !== undefined) {
        this.#add(node.behind, portalOf(each.value, portIn(next[0], "portalPort")));
      } else if (is(each, "portalGroupName")) this.#group(each.value, next);
    }
  }

  #node(text: string | undefined): Found | undefined {
    if (text === undefined || !isName(text)) return undefined;
    const name = normaliseName(text);
    const present = this.#found.get(name);
    if (present !== undefined) return present;
    if (this.#found.size === this.#limits.targets) {
      this.isCut = true;
      return undefined;
    }
    const found: Found = {
      isTarget: true,
      grouped: new Map(),
      behind: new Map(),
      excluded: new Set(),
    };
    this.#found.set(name, found);
    return found;
  }

  /** `next`: the address, the port and the tag of the group. */
  #group(name: string | undefined, next: readonly Attribute[]): void {
    const [address, port, tag] = next;
    const node = this.#node(name);
    if (node === undefined || address === undefined || !is(address, "portalGroupAddress")) return;
    const portal = portalOf(address.value, portIn(port, "portalGroupPort"));
    if (portal === undefined) return;
    // RFC 4171 3.4: without a tag the portal does not lead to the node.
    const isTold = tag !== undefined && is(tag, "portalGroupTag");
    if (isTold && tag.value === undefined) node.excluded.add(keyOf(portal));
    else {
      const portalGroupTag = isTold ? tag.value! & 0xffff : undefined;
      this.#add(node.grouped, { ...portal, portalGroupTag });
    }
  }

  #add(portals: Map<string, RegisteredPortal>, portal: RegisteredPortal | undefined): void {
    if (portal === undefined) return;
    if (portals.size < this.#limits.portals) portals.set(keyOf(portal), portal);
    else this.isCut = true;
  }

  /** Those that have a portal. */
  targets(): readonly RegisteredTarget[] {
    return [...this.#found].filter(([, { isTarget }]) => isTarget).map(([name, found]) => {
      const known = found.grouped.size > 0 ? found.grouped : found.behind;
      const portals = [...known].filter(([key]) => !found.excluded.has(key));
      return { name, portals: portals.map(([, portal]) => portal) };
    }).filter(({ portals }) => portals.length > 0);
  }
}

function is<N extends AttributeName>(
  attribute: Attribute,
  name: N,
): attribute is { readonly name: N; readonly value: ValueOf<N> | undefined } & Attribute {
  return attribute.name === name;
}

function portIn(
  attribute: Attribute | undefined,
  name: "portalPort" | "portalGroupPort",
): number | undefined {
  return attribute !== undefined && is(attribute, name) ? attribute.value : undefined;
}

/** RFC 4171 6.3.2: port 0 is the usual one. */
function portalOf(
  address: IpAddress | undefined,
  port: number | undefined,
): RegisteredPortal | undefined {
  if (address === undefined || port === undefined || (port & UDP_PORT) !== 0) return undefined;
  return {
    address: formatIpAddress(address),
    port: (port & 0xffff) || ISCSI_PORT,
    portalGroupTag: undefined,
  };
}

function keyOf({ address, port }: RegisteredPortal): string {
  return `${address} ${port}`;
}
