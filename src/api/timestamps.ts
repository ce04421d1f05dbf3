/** The standard's form of a time: UTC in whole seconds, `%Y-%m-%dT%H:%M:%SZ`. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
