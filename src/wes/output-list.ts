import Type, { type Static } from 'typebox';
import { reference } from './reference.ts';

/** A stored output file; an addition to WES 1.1, which knows the outputs as one free object only. */
export const OutputFile = Type.Object(
  {
    path: Type.String({ description: 'Path below the outputs of the run.' }),
    size: Type.Integer({ format: 'int64', description: 'In bytes.' }),
    checksum: Type.String({ description: 'Of the content, as sha256:<hex>.' }),
    media_type: Type.String(),
    url: Type.String({ description: 'Absolute URL of the content.' }),
  },
  { $id: 'OutputFile', title: 'OutputFile', description: 'A file that a run produced.' },
);
export type OutputFile = Static<typeof OutputFile>;

export const OutputListResponse = Type.Object(
  {
    outputs: Type.Array(reference(OutputFile), {
      description: 'The files of this page, by path.',
    }),
    next_page_token: Type.String({
      description: 'Asks for the next page as page_token; empty on the last page.',
    }),
  },
  {
    $id: 'OutputListResponse',
    title: 'OutputListResponse',
    description: 'A page of the output files of a run.',
  },
);
export type OutputListResponse = Static<typeof OutputListResponse>;
