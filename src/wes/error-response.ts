import Type, { type Static } from 'typebox';

export const ErrorResponse = Type.Object(
  {
    msg: Type.Optional(Type.String({ description: 'What is wrong, and what to do about it.' })),
    status_code: Type.Optional(
      Type.Integer({ format: 'int32', description: 'The HTTP status of this response.' }),
    ),
  },
  { $id: 'ErrorResponse', title: 'ErrorResponse', description: 'Why a request was not fulfilled.' },
);
export type ErrorResponse = Static<typeof ErrorResponse>;
