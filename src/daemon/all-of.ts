/** Like Promise.all, but waits for the end of all also when one fails: nothing goes on behind the caller's back. */
export async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
