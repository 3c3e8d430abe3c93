import type { VisitorFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import type { Column } from "../output.ts";

const COLUMNS: readonly Column<VisitorFacts>[] = [
  { heading: "INITIATOR", value: ({ initiator }) => initiator },
  { heading: "FROM", value: ({ address }) => address },
  { heading: "TARGET", value: ({ target }) => target ?? "(discovery)" },
  { heading: "FIRST SEEN", value: ({ firstSeen }) => firstSeen },
  { heading: "LAST SEEN", value: ({ lastSeen }) => lastSeen },
  { heading: "VISITS", align: "right", value: ({ visits }) => visits },
  { heading: "OUTCOME", value: ({ reason }) => reason === null ? "let in" : `refused: ${reason}` },
];

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  const none = "no initiator came by in the last seven days";
  this.output.list(await control.initiators(), COLUMNS, none);
}
