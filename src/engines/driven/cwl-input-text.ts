import type { JsonObject } from '../../runs/json.ts';

/** cwltool reads inputs as YAML, which, unlike JSON, has no place for some characters as they stand. */
const NOT_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

export function cwlInputText(inputs: JsonObject): string {
  return JSON.stringify(inputs).replace(
    NOT_IN_YAML,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
