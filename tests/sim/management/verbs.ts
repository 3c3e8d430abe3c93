/** Every verb of the model. */
import { DISK_VERBS } from "./disk_verbs.ts";
import { DOCUMENT_VERBS } from "./document_verb.ts";
import type { Model } from "./model.ts";
import { PORTAL_VERBS } from "./portal_verbs.ts";
import { SCHEDULE_VERBS } from "./schedule_verbs.ts";
import { TARGET_VERBS } from "./target_verbs.ts";

type Verb = (model: Model, ...values: never[]) => void;

export const VERBS: ReadonlyMap<string, Verb> = new Map(
  Object.entries({
    ...TARGET_VERBS,
    ...DISK_VERBS,
    ...DOCUMENT_VERBS,
    ...PORTAL_VERBS,
    ...SCHEDULE_VERBS,
  }),
);
