import * as z from 'zod'

/** A safe integer. JSON can say -0, which superjson and MongoDB would keep: it is 0. */
export const Whole = z.int().overwrite((value) => value + 0)
