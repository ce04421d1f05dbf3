import Type from 'typebox';

/** The part of a path that names a run. Any text is a question that gets an answer: 404 for what is no id. */
export const RunParams = Type.Object({ run_id: Type.String() });
