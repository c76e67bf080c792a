import type { TrackedEnvelope } from '@trpc/server'
import { tracked } from '@trpc/server'
import type { Context } from '../context.ts'

/** A watch ends when its caller leaves, and when the process is about to stop. */
export function ended({ draining }: Context, signal: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any([signal ?? [], draining ?? []].flat())
}

/** Events under ids, by which a reader that was cut off says what it last had. */
export async function* withIds<Event>(
  events: AsyncIterable<Event>,
  idOf: (event: Event) => string,
): AsyncGenerator<TrackedEnvelope<Event>, void> {
  for await (const event of events) yield tracked(idOf(event), event)
}
