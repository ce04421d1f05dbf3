/** What one look at the installation found. */
export interface Finding {
  readonly name: string;
  /** `warning` for what works but is likely not wanted. */
  readonly status: 'ok' | 'warning' | 'broken';
  /** What was found. */
  readonly detail: string;
  /** What to do about it; absent when all is well. */
  readonly remedy?: string;
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail };
}

export function warning(name: string, detail: string, remedy: string): Finding {
  return { name, status: 'warning', detail, remedy };
}

export function broken(name: string, detail: unknown, remedy: string): Finding {
  const problem = detail instanceof Error ? detail.message : String(detail);
  return { name, status: 'broken', detail: problem, remedy };
}

/** The finding of a check, or that it failed. */
export async function attempt(
  name: string,
  remedy: string,
  check: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return broken(name, error, remedy);
  }
}
