/** Lets what is under way go on for a while, without letting time pass. */
export async function turns(count = 100): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}
