import * as z from 'zod'
import { text } from './text.ts'

/** An id as the backend gives it out: 24 hexadecimal digits, ordered by time of creation. */
export const Id = z
  .string()
  .regex(/^[0-9a-f]{24}$/)
  .meta({ examples: ['6650f0a2c3d4e5f601234567'] })

/** An id as a caller sends it. Any string is taken: a malformed id names nothing, which is "not found", not "invalid". */
export const IdInput = z
  .string()
  .meta({ description: 'An id as the shop gave it', examples: ['6650f0a2c3d4e5f601234567'] })

/** Whom an order is for: the caller's own name of a user, 1 to 128 characters. */
export const UserId = text(128).meta({ description: 'Your own id or name of the user', examples: ['ada'] })
