import Type from 'typebox';
import { reference } from '../../wes/reference.ts';
import { RunRequest } from '../../wes/runs.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));

const FORM = {
  workflow_params: text('JSON object: inputs of the workflow.'),
  workflow_type: text('Required. Language of the workflow, as in service-info.'),
  workflow_type_version: text('Required. Version of the language.'),
  tags: text('JSON object of strings.'),
  workflow_engine: text('Engine to use; required when a version of it is asked for.'),
  workflow_engine_version: text('Version of the engine.'),
  workflow_engine_parameters: text('JSON object of strings: options for the engine.'),
  workflow_url: text('Required. Absolute URL, or name of the attachment that holds the workflow.'),
};

const MULTIPART_FORM = Type.Object({
  ...FORM,
  workflow_attachment: Type.Optional(
    Type.Array(Type.String({ format: 'binary' }), {
      description: 'Files, each a part with its relative path as file name.',
    }),
  ),
});

/** For the document only: what is really accepted is decided in runs/request-rules.ts. */
export const SUBMISSION_BODY = {
  content: {
    'multipart/form-data': { schema: MULTIPART_FORM },
    'application/json': { schema: reference(RunRequest) },
    'application/x-www-form-urlencoded': { schema: Type.Object(FORM) },
  },
};

export const SUBMISSION_HEADERS = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'At most 255 visible ASCII characters. A repetition of the same request with the same key gives the run of the first.',
    }),
  ),
});
