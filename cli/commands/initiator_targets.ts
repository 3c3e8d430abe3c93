import type { Context } from "../context.ts";
import { targetColumns } from "../initiator_columns.ts";

export default async function (this: Context): Promise<void> {
  const control = await this.initiator();
  const none = "no target is known; sanctl initiator portal add ADDR:PORT asks for them";
  this.output.list(await control.listTargets(), targetColumns, none);
}
