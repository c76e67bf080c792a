import * as z from 'zod'

/** The most products one watch shows. */
export const MAX_WATCHED = 1000

/**
 * What a reader that reconnects says by itself: the id of the last event it had. A watch begins with the state there is,
 * whatever was read before.
 */
export const LastEventId = z
  .string()
  .max(256)
  .describe('Sent by an EventSource that reconnects; a watch begins with the current state in any case')
