import * as z from 'zod'

/**
 * A name that the caller gives to one intended change, 8 to 64 characters of `A-Z a-z 0-9 _ -`. Once the change took
 * effect, the same one sent again gets the first answer and has no second effect, and another one under the key is
 * refused. What is refused, or changes nothing, leaves the key free.
 */
export const IdempotencyKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/)
  .meta({
    description:
      'Your name for this one change: sent again, it gets the first answer and has no second effect; with another input it is refused. Each user has keys of their own for orders; adjustments of stock share one set',
    examples: ['checkout-7f3a9c21'],
  })
