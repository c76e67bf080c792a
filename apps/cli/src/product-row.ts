import type { Currency as CurrencyCode } from '@stockroom/contracts'
import { CreateProduct, Currency, decimalPlaces } from '@stockroom/contracts'
import { textOf } from './text-of.ts'
import { toMinorUnits, toWholeNumber } from './decimal.ts'

/** What a row may say of a product, and the columns it stands in unless a mapping names others. */
export const productFields = ['sku', 'name', 'description', 'category', 'price', 'currency', 'quantity'] as const
export type ProductField = (typeof productFields)[number]

export type FieldMap = Partial<Readonly<Record<ProductField, string>>>

/** What holds for rows that do not say it themselves. */
interface RowDefaults {
  readonly currency?: CurrencyCode
  readonly quantity?: number
}

export interface RowRules extends RowDefaults {
  readonly map: FieldMap
}

export type ProductRow = { readonly product: CreateProduct } | { readonly refused: string }

/**
 * The product that a row describes, or the reason why it is none. Texts are trimmed, and a blank one counts as left
 * out. A price is a decimal in major units (`12.50`), or Money as the contract has it.
 */
export function toProductRow(fields: Readonly<Record<string, unknown>>, { map, ...defaults }: RowRules): ProductRow {
  const read = (field: ProductField) => tidy(fields[map[field] ?? field])
  const price = toPrice(read('price'), read('currency') ?? defaults.currency)
  if (typeof price === 'string') return { refused: price }
  const quantity = toQuantity(read('quantity') ?? defaults.quantity)
  if (typeof quantity === 'string') return { refused: quantity }
  const row = { sku: toText(read('sku')), name: toText(read('name')), price, quantity }
  for (const field of ['sku', 'name'] as const) if (row[field] === undefined) return { refused: `${field}: missing` }
  const parsed = CreateProduct.safeParse({ ...row, description: read('description'), category: read('category') })
  if (parsed.success) return { product: parsed.data }
  const [issue] = parsed.error.issues
  return { refused: `${issue?.path.join('.')}: ${issue?.message}` }
}

function tidy(value: unknown): unknown {
  const tidied = typeof value === 'string' ? value.trim() : value
  return tidied === '' || tidied === null ? undefined : tidied
}

/** SKUs and names of digits alone are numbers in JSON written by many a tool. */
function toText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value
}

function toPrice(value: unknown, currency: unknown): unknown {
  if (value === undefined) return 'price: missing'
  if (typeof value === 'object') return value
  if (currency === undefined) return 'currency: missing'
  const code = Currency.safeParse(currency)
  if (!code.success) return 'currency: not a code of ISO 4217'
  const amount = toMinorUnits(textOf(value), decimalPlaces(code.data))
  return amount === undefined ? 'price: not a decimal number of 0 or more' : { amount, currency: code.data }
}

function toQuantity(value: unknown): unknown {
  if (value === undefined) return 'quantity: missing'
  return toWholeNumber(textOf(value)) ?? 'quantity: not a whole number'
}
