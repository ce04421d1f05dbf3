/** Why a request is accepted without a verdict; the message is for the log. */
export class NotChecked extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotChecked';
  }
}
