import * as z from 'zod'

/**
 * Text of 1 to `max` characters that every layer can carry: MongoDB stores two different strings with lone
 * surrogates as the same bytes, and NUL ends a string in more than one tool. NUL is refused by a pattern, so that
 * JSON Schema says it too; lone surrogates cannot be said there (UTF-8 has none).
 */
export const text = (max: number, pattern = /^[^\u0000]*$/, message = 'must not contain the NUL character') =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(pattern, message)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode (no lone surrogates)')
