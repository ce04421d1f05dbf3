import { CompiledQuery, type DatabaseConnection } from 'kysely';
import { format, type SqlValue } from 'mysql2';
import { WesError } from '../../runs/errors.ts';

/** The longest statement that the server takes on this connection. */
export async function maxPacketBytes(connection: DatabaseConnection): Promise<number> {
  const query = CompiledQuery.raw('select @@max_allowed_packet as bytes');
  const { rows } = await connection.executeQuery<{ bytes: number }>(query);
  return rows[0]?.bytes ?? Infinity;
}

/** A UTF-16 unit is at most three bytes of UTF-8, or one that is escaped and becomes two. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * The server would end the connection over such a statement while it is being sent, which looks as if it
 * had gone away.
 * @throws WesError `too_large`
 */
export function requireStatementSize(
  { sql: text, parameters }: CompiledQuery,
  maxBytes: number,
): void {
  const units = parameters.reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    text.length,
  );
  if (units * MAX_BYTES_PER_UNIT < maxBytes / 2) return;
  const values = parameters as SqlValue[]; // Kysely types them as unknown; ours are what the schema holds.
  // One byte more says what kind of packet it is.
  if (Buffer.byteLength(format(text, values)) + 1 <= maxBytes) return;
  throw new WesError(
    'too_large',
    `the request is larger than the ${maxBytes} bytes that the database of this service takes at once; attach large data as workflow_attachment`,
  );
}
