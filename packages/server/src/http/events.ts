import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { TrackedEnvelope } from '@trpc/server'

/** Server-sent events, of both doors. */

/** What a stream of events says beside them. */
export interface Frame {
  readonly opening: string
  /** Now and then, for a proxy may cut a connection on which nothing comes. */
  readonly heartbeat: string
  /** Where the events come to an end of their own. */
  readonly closing: string
}

const HEARTBEAT_MS = 15_000

/** How long a reader waits before it connects again, in milliseconds. */
export const RETRY = 'retry: 1000\n\n'

/** The last one because nginx would keep events back until it has a bufferful. */
export const eventHead = ['cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no']

type Events = AsyncIterable<TrackedEnvelope<object>>

/** The text of each event, made once for all who are sent the same one. */
export function eventTexts(dataOf: (event: object) => unknown): (events: Events) => AsyncGenerator<string, void> {
  const texts = new WeakMap<object, string>()
  return async function* textsOf(events) {
    for await (const [id, event] of events) {
      const text = texts.get(event) ?? `id: ${id}\ndata: ${JSON.stringify(dataOf(event))}\n\n`
      texts.set(event, text)
      yield text
    }
  }
}

/** Writes events as fast as the reader takes them, until they end or `left` says that it has gone. */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<string>,
  { opening, heartbeat, closing, left }: Frame & { left: AbortSignal },
): Promise<void> {
  response.write(opening)
  const beats = setInterval(() => void (response.writableNeedDrain || response.write(heartbeat)), HEARTBEAT_MS)
  try {
    for await (const event of events) {
      if (!response.write(event)) await once(response, 'drain', { signal: left })
    }
    response.write(closing)
  } catch (error) {
    // The end of a watch: the reader has left, or is to go on elsewhere.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error
  } finally {
    clearInterval(beats)
    response.end()
  }
}
