import { z } from 'zod'

/**
 * A name that the caller gives to one intended change, 8 to 64 characters of `A-Z a-z 0-9 _ -`. The same change sent
 * again under it has no second effect and gets the first answer; another change under it is refused.
 */
export const IdempotencyKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,64}$/)
  .meta({ examples: ['checkout-7f3a9c21'] })
