import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Server-sent events of REST. */

/** Above the interval a proxy may cut a connection on which nothing comes. */
const HEARTBEAT_MS = 15_000

/** How long a reader waits before it connects again. */
const RETRY_MS = 1000

export const eventHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Or nginx would keep events back until it has a bufferful.
  'x-accel-buffering': 'no',
}

export function eventText(id: string, data: unknown): string {
  return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Writes events as fast as the reader takes them, until they end or it has left. */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<string>,
  left: AbortSignal,
): Promise<void> {
  response.write(`retry: ${RETRY_MS}\n\n`)
  const heartbeat = setInterval(() => void (response.writableNeedDrain || response.write(':\n\n')), HEARTBEAT_MS)
  try {
    for await (const event of events) {
      if (!response.write(event)) await once(response, 'drain', { signal: left })
    }
  } catch (error) {
    // The end of a watch: the reader has left, or is to go on elsewhere.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error
  } finally {
    clearInterval(heartbeat)
    response.end()
  }
}
