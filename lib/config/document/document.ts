/**
 * The document of a server: the declared state as an operator writes it down. Its fields are those
 * of the declared state, so that all that is declared can be exported. Every field may be left out
 * but for the names; one that may be absent from the state is taken away by null.
 */
import type { z } from "zod";
import {
  type DeclaredAssignment,
  type DeclaredChap,
  type DeclaredDisk,
  type DeclaredReverseChap,
  DeclaredState,
  type DeclaredTarget,
} from "../schema.ts";
import type { DeclaredLimits } from "../limits.ts";
import { SERVER_FIELDS } from "./fields.ts";
import { objectOf } from "./object_of.ts";

/** What may be absent from the state is null in a document that leaves nothing out. */
type Whole<T> = Required<
  { [K in keyof T]: undefined extends T[K] ? NonNullable<T[K]> | null : T[K] }
>;

/** All but some of the fields may be left out. */
type Written<T, Needed extends keyof T = never> =
  & Pick<T, Needed>
  & { readonly [K in Exclude<keyof T, Needed>]?: T[K] | undefined };

/** A secret stands in a document as itself or by its reference. */
type WholeSecret = { readonly secret?: string; readonly secretReference?: string };

export type WholeReverseChap = Omit<DeclaredReverseChap, "secret"> & WholeSecret;
export type WholeChap = Omit<DeclaredChap, "secret"> & WholeSecret;
export interface WholeAuthentication {
  readonly chap: WholeChap | null;
  readonly reverseChap: WholeReverseChap | null;
}
export type WholeLun = Omit<DeclaredAssignment, "target"> & { readonly disk: string };
export type WholeTarget =
  & Omit<Whole<DeclaredTarget>, keyof WholeAuthentication>
  & WholeAuthentication
  & { readonly luns: readonly WholeLun[] };
export type WholeLimits = Whole<DeclaredLimits>;
/** A field that is fixed is left out where the state has none. */
export type WholeDisk =
  & Omit<DeclaredDisk, "assignments" | "chain" | "attached" | "snapshotSpace">
  & { readonly snapshotSpace: number | null };
export type WholeDocument =
  & Omit<Whole<DeclaredState>, "targets" | "disks" | "discovery" | "limits">
  & {
    readonly limits: WholeLimits | null;
    readonly targets: readonly WholeTarget[];
    readonly disks: readonly WholeDisk[];
    readonly discovery: WholeAuthentication | null;
  };

export type DocumentReverseChap = Written<WholeReverseChap>;
export type DocumentChap = Written<WholeChap>;
export interface DocumentAuthentication {
  readonly chap?: DocumentChap | null | undefined;
  readonly reverseChap?: DocumentReverseChap | null | undefined;
}
export type DocumentLun = Written<WholeLun, "disk">;
export type DocumentTarget =
  & Written<Omit<WholeTarget, "luns" | keyof WholeAuthentication>, "name">
  & DocumentAuthentication
  & { readonly luns?: readonly DocumentLun[] | undefined };
export type DocumentDisk = Written<WholeDisk, "name">;
export type ServerDocument =
  & Written<Omit<WholeDocument, "targets" | "disks" | "discovery" | "limits">>
  & {
    readonly limits?: Written<WholeLimits> | null | undefined;
    readonly targets?: readonly DocumentTarget[] | undefined;
    readonly disks?: readonly DocumentDisk[] | undefined;
    readonly discovery?: DocumentAuthentication | null | undefined;
  };

/** The document as it is read: in normal form, and nothing in it that is not known. */
export const ServerDocument = objectOf(SERVER_FIELDS, DeclaredState.shape) as z.ZodType<
  ServerDocument
>;
