import type { TargetPortalFacts } from "../../lib/config/facts.ts";
import type { Context } from "../context.ts";
import { formatAddress } from "../format_address.ts";
import type { Column } from "../output.ts";

const COLUMNS: readonly Column<TargetPortalFacts>[] = [
  { heading: "PORTAL", value: formatAddress },
  { heading: "STATE", value: ({ state }) => state },
  { heading: "GROUP", align: "right", value: ({ group }) => group },
  { heading: "SESSIONS", align: "right", value: ({ sessions }) => sessions },
  { heading: "ADVERTISED", value: ({ advertise }) => advertise ?? "as it is" },
  { heading: "DECLARED", value: ({ declared }) => declared ? "yes" : "no" },
];

export default async function (this: Context): Promise<void> {
  const control = await this.control();
  this.output.list(await control.listPortals(), COLUMNS, "no portal");
}
