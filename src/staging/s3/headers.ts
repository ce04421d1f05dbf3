import type { GetObjectCommand } from '@aws-sdk/client-s3';

type Headers = Record<string, string | undefined>;

/**
 * Sends more headers than the SDK knows of, and gives the answer's.
 * @returns to be called after the answer
 */
export function withHeaders(command: GetObjectCommand, scheme: 's3' | 'gs'): () => Headers {
  let answer: Headers = {};
  if (scheme === 's3') {
    // By header, not by parameter: the SDK would then compute the checksum too.
    command.middlewareStack.add(
      (next) => async (args) => {
        headersOf(args.request)['x-amz-checksum-mode'] = 'ENABLED';
        return await next(args);
      },
      { step: 'build' },
    );
  }
  command.middlewareStack.add(
    (next) => async (args) => {
      // Google would unpack what is stored packed. Not signed: it changes this header on the way.
      if (scheme === 'gs') headersOf(args.request)['accept-encoding'] = 'gzip';
      const result = await next(args);
      answer = headersOf(result.response);
      return result;
    },
    { step: 'deserialize' },
  );
  return () => answer;
}

function headersOf(message: unknown): Headers {
  const hasHeaders = typeof message === 'object' && message !== null && 'headers' in message;
  if (!hasHeaders || typeof message.headers !== 'object' || message.headers === null) return {};
  return message.headers as Headers; // what the SDK's requests and answers are made of
}
