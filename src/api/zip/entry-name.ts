/**
 * The name of a file in an archive, where slashes alone divide folders (APPNOTE.TXT 4.4.17.1). A backslash,
 * which some programs take for a slash, is told as the character that looks like it.
 */
export function entryName(path: string): string {
  return path.toWellFormed().replaceAll('\\', '\uFF3C');
}
