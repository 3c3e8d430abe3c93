/**
 * What a server is asked to keep of a network entity: its portals, its nodes, and which node is
 * behind which portal. RFC 4171 3, 5.6.5.1.
 */
import type { IpAddress } from "../net/ip_address.ts";
import { type Attribute, attribute, DELIMITER, empty, operating, valueOf } from "./attribute.ts";
import { NodeType, PROTOCOL_ISCSI, ScnBit } from "./attribute_table.ts";
import type { Question } from "./conversation.ts";
import { FunctionId } from "./function_id.ts";

export interface EntityPortal {
  readonly address: IpAddress;
  readonly port: number;
  readonly portalGroupTag: number;
}

export interface EntityNode {
  readonly name: string;
  readonly type: "target" | "initiator";
  /** Empty: none. */
  readonly alias: string;
}

/** RFC 4171 3.1. */
export interface Entity {
  readonly identifier: string;
  readonly nodes: readonly EntityNode[];
  readonly portals: readonly EntityPortal[];
  /** How long the server keeps it without hearing of us. RFC 4171 6.2.6. */
  readonly registrationPeriodSeconds: number;
  /** Where we are asked whether we are there, by the place of the portal in `portals`. */
  readonly esi?: Caller & { readonly intervalSeconds: number } | undefined;
  /** Where we are told of changes. */
  readonly scn?: Caller | undefined;
}

/** A port at the address of one of the portals, to which the server comes. */
export interface Caller {
  readonly portal: number;
  readonly port: number;
}

const NODE_TYPES = { target: NodeType.TARGET, initiator: NodeType.INITIATOR } as const;

/**
 * Registers all of the entity in the place of what is there of it. `source` is a node of it: of
 * what is there already, if anything is. Without `groups` every node is behind every portal in
 * portal group 1, which a server takes that knows of no groups.
 */
export function registerEntity(
  entity: Entity,
  source: string,
  { groups = true }: { readonly groups?: boolean } = {},
): Question {
  const { identifier, nodes, portals, registrationPeriodSeconds } = entity;
  return {
    functionId: FunctionId.DevAttrReg,
    replaces: true,
    attributes: [
      attribute("iscsiName", source),
      attribute("entityIdentifier", identifier),
      DELIMITER,
      attribute("entityIdentifier", identifier),
      attribute("entityProtocol", PROTOCOL_ISCSI),
      attribute("registrationPeriod", registrationPeriodSeconds),
      ...portals.flatMap((portal, at) => portalAttributes(entity, portal, at)),
      ...nodes.flatMap((node) => [
        ...nodeAttributes(node),
        ...groups ? groupAttributes(node, portals) : [],
      ]),
    ],
  };
}

function portalAttributes(entity: Entity, portal: EntityPortal, at: number): Attribute[] {
  const { esi, scn } = entity;
  return [
    attribute("portalAddress", portal.address),
    attribute("portalPort", portal.port),
    ...esi?.portal === at
      ? [attribute("esiInterval", esi.intervalSeconds), attribute("esiPort", esi.port)]
      : [],
    ...scn?.portal === at ? [attribute("scnPort", scn.port)] : [],
  ];
}

function nodeAttributes({ name, type, alias }: EntityNode): Attribute[] {
  return [
    attribute("iscsiName", name),
    attribute("iscsiNodeType", NODE_TYPES[type]),
    ...alias === "" ? [] : [attribute("iscsiAlias", alias)],
  ];
}

/**
 * RFC 4171 5.6.5.1: behind the node a tag, and then the portals that have it. Initiators are in no
 * group.
 */
function groupAttributes({ type }: EntityNode, portals: readonly EntityPortal[]): Attribute[] {
  if (type === "initiator") return [];
  const tags = [...new Set(portals.map(({ portalGroupTag }) => portalGroupTag))];
  return tags.flatMap((tag) => [
    attribute("portalGroupTag", tag),
    ...portals.filter(({ portalGroupTag }) => portalGroupTag === tag).flatMap((portal) => [
      attribute("portalGroupAddress", portal.address),
      attribute("portalGroupPort", portal.port),
    ]),
  ]);
}

/** What the server made of what may be otherwise than asked for. RFC 4171 5.7.5.1. */
export function grantedPeriodSeconds(answer: readonly Attribute[]): number | undefined {
  return valueOf(operating(answer), "registrationPeriod");
}

/** Takes the whole entity out. RFC 4171 5.6.5.4. */
export function deregisterEntity(identifier: string, source: string): Question {
  return {
    functionId: FunctionId.DevDereg,
    attributes: [
      attribute("iscsiName", source),
      DELIMITER,
      attribute("entityIdentifier", identifier),
    ],
  };
}

/** Asks for what is registered of the entity, which refreshes it too. RFC 4171 6.2.6. */
export function queryEntity(identifier: string, source: string): Question {
  return {
    functionId: FunctionId.DevAttrQry,
    attributes: [
      attribute("iscsiName", source),
      attribute("entityIdentifier", identifier),
      DELIMITER,
      empty("entityIdentifier"),
      empty("iscsiName"),
      empty("portalAddress"),
      empty("portalPort"),
    ],
  };
}

/** Whether an answer to `queryEntity` shows all nodes, and as many portals as there should be. */
export function isRegistered(entity: Entity, answer: readonly Attribute[]): boolean {
  const found = operating(answer);
  const names = new Set(found.filter(({ name }) => name === "iscsiName").map((it) => it.value));
  const portals = found.filter(({ name, value }) => name === "portalPort" && value !== undefined);
  return entity.nodes.every(({ name }) => names.has(name)) &&
    portals.length >= entity.portals.length;
}

/** Has the node told of changes to targets. RFC 4171 5.6.5.5. */
export function registerForChanges(name: string): Question {
  return {
    functionId: FunctionId.SCNReg,
    attributes: [
      attribute("iscsiName", name),
      attribute("iscsiName", name),
      DELIMITER,
      attribute(
        "iscsiScnBitmap",
        ScnBit.TARGET_AND_SELF | ScnBit.OBJECT_REMOVED | ScnBit.OBJECT_ADDED |
          ScnBit.OBJECT_UPDATED,
      ),
    ],
  };
}
