import * as z from 'zod'
import { currencies } from './currencies.ts'
import { Whole } from './whole.ts'

/** An ISO 4217 currency code in use. */
export const Currency = z
  .enum(currencies)
  .meta({ id: 'Currency', description: 'ISO 4217 currency code', examples: ['EUR'] })
export type Currency = z.infer<typeof Currency>

/** An amount of money in whole minor units (cents, pence, yen) of one currency: 0 to 2^53 - 1. */
export const Money = z
  .strictObject({
    amount: Whole.min(0).meta({ description: 'Minor units: 1999 is 19.99 in EUR and 1,999 in JPY', examples: [1999] }),
    currency: Currency,
  })
  .meta({ id: 'Money' })
export type Money = z.infer<typeof Money>

/** `unit` times `quantity`, or undefined where the result is no longer an exact integer. */
export function multiply(unit: Money, quantity: number): Money | undefined {
  return exact(unit.amount * quantity, unit.currency)
}

/** The sum of two amounts of one currency, or undefined where the result is no longer an exact integer. */
export function add(a: Money, b: Money): Money | undefined {
  return exact(a.amount + b.amount, a.currency)
}

function exact(amount: number, currency: Currency): Money | undefined {
  return Number.isSafeInteger(amount) ? { amount, currency } : undefined
}
