import { openEventSource, type EventSourceOptions, type ServerEvent } from './event-source.ts';
import type { Transport } from './transport.ts';

/** A log at an address as it grows (an addition of this service); undefined where a server can't tell. */
export async function followLog(
  url: URL,
  transport: Transport,
  options?: EventSourceOptions,
): Promise<AsyncGenerator<Uint8Array, void, undefined> | undefined> {
  const following = new URL(url);
  following.searchParams.set('follow', 'true');
  const events = await openEventSource(following, transport, options);
  return events === undefined ? undefined : bytesOf(events);
}

async function* bytesOf(
  events: AsyncGenerator<ServerEvent, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { event, data } of events) {
    if (event === 'end') return;
    const bytes = event === 'log' ? contentOf(data) : undefined;
    if (bytes !== undefined) yield bytes;
  }
}

function contentOf(data: unknown): Uint8Array | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  if ('text' in data && typeof data.text === 'string') return new TextEncoder().encode(data.text);
  if (!('base64' in data) || typeof data.base64 !== 'string') return undefined;
  return bytesOfBase64(data.base64);
}

/** A loop: what maps each character by itself takes many times as long. */
function bytesOfBase64(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
