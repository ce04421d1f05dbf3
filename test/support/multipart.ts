/** One part of a form, written out, so that tests can send what no HTTP library would. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Uint8Array;
  readonly filename?: string;
  readonly contentType?: string;
  /** Further header lines. */
  readonly headers?: readonly string[];
}

const BOUNDARY = 'form-boundary-7d81b516112482';

export interface FormBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

export function formBody(parts: readonly FormPart[]): FormBody {
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    payload: Buffer.concat([...parts.map(partBytes), Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

function partBytes({ name, value, filename, contentType, headers = [] }: FormPart): Buffer {
  const file = filename === undefined ? '' : `; filename="${filename}"`;
  const lines = [
    `--${BOUNDARY}`,
    `Content-Disposition: form-data; name="${name}"${file}`,
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
    ...headers,
  ];
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
}

/** The required fields of a CWL run whose workflow is attached as `main.cwl`. */
export const CWL_FIELDS: readonly FormPart[] = [
  { name: 'workflow_type', value: 'CWL' },
  { name: 'workflow_type_version', value: 'v1.2' },
  { name: 'workflow_url', value: 'main.cwl' },
];

export function attachment(filename: string, value: string | Uint8Array = 'cwl'): FormPart {
  return { name: 'workflow_attachment', filename, value, contentType: 'application/octet-stream' };
}
