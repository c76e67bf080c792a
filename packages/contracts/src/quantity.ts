import * as z from 'zod'
import { Whole } from './whole.ts'

/** The most units one requested line can ask for. */
export const MAX_LINE_QUANTITY = 1_000_000

/** Units asked for by one line of a request: a whole number, 1 to 1,000,000. */
export const LineQuantity = z
  .int()
  .min(1)
  .max(MAX_LINE_QUANTITY)
  .meta({ description: 'Units', examples: [2] })

/** The most units of a product that a caller can put on hand. */
export const MAX_ON_HAND = 1_000_000_000

/** Units on hand: a whole number, 0 to 1,000,000,000. */
export const OnHand = Whole.min(0)
  .max(MAX_ON_HAND)
  .meta({ description: 'Units on hand', examples: [40] })
