/** Who asks for something to be done to runs. */
export interface Caller {
  /** Name under which runs are owned. */
  readonly name: string;
  readonly isAdmin: boolean;
  mayManage(run: { readonly owner: string }): boolean;
}
