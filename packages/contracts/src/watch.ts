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
  .describe('What an EventSource sends when it reconnects; the state there is comes first in any case')
