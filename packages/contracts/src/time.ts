import * as z from 'zod'

/** A moment, in a Date of its own: what one caller does to it in the process, the next one must not see. */
export const Time = z.date().overwrite((time) => new Date(time))
