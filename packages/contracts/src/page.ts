import * as z from 'zod'

/** The most items one page holds. */
export const MAX_PAGE = 1000

/** How many items to answer with: 1 to 1,000. */
export const Limit = z.int().min(1).max(MAX_PAGE)

/** Where the last page ended, as its `nextCursor` said. Opaque: its form may change. */
export const Cursor = z
  .string()
  .min(1)
  .max(256)
  .describe('As the page before gave it, with the same filters and sort; the first page unless given')

/** A page: its items, and the cursor of the page after it (null at the end). */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })
