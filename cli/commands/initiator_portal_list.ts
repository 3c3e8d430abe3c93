import type { Context } from "../context.ts";
import { portalColumns } from "../initiator_columns.ts";

export default async function (this: Context): Promise<void> {
  const control = await this.initiator();
  const none = "no portal yet; sanctl initiator portal add ADDR:PORT asks one for targets";
  this.output.list(await control.listPortals(), portalColumns, none);
}
