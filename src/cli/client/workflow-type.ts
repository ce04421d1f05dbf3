import { basename, extname } from 'node:path';

/** What a workflow's file says of its language, in the standard's names; version absent when it says none. */
export interface WorkflowLanguage {
  readonly type: string;
  readonly version?: string;
}

const TYPE_BY_EXTENSION: Readonly<Record<string, string>> = {
  '.cwl': 'CWL',
  '.wdl': 'WDL',
  '.nf': 'NFL',
  '.smk': 'SMK',
};

/** The language of a workflow by the name of its file or the path of its address. */
export function languageByName(name: string): WorkflowLanguage | undefined {
  if (basename(name) === 'Snakefile') return { type: 'SMK' };
  const type = TYPE_BY_EXTENSION[extname(name).toLowerCase()];
  return type === undefined ? undefined : { type };
}

/** The language of a workflow by its content, then by its name. */
export function detectLanguage(name: string, text: string): WorkflowLanguage | undefined {
  const cwlVersion = /(?:^|[{,])\s*"?cwlVersion"?\s*:\s*["']?([\w.-]+)/m.exec(text)?.[1];
  if (cwlVersion !== undefined) return { type: 'CWL', version: cwlVersion };
  const language = languageByName(name);
  const wdlVersion = /^\s*version\s+(\S+)\s*$/m.exec(text)?.[1];
  const looksLikeWdl = wdlVersion !== undefined && /^\s*(workflow|task)\s+\w+\s*\{/m.test(text);
  if (language?.type === 'WDL' || (language === undefined && looksLikeWdl)) {
    // A WDL document without a version statement is of draft-2 (WDL specification, "Versioning").
    return { type: 'WDL', version: wdlVersion ?? 'draft-2' };
  }
  return language;
}
