import { InvalidArgumentError } from 'commander'
import type { FieldMap } from './product-row.ts'
import { productFields } from './product-row.ts'

/** Reads the value of an option that is a whole number within bounds. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

/** Reads `name=Description,price=UnitPrice`. An option that is given twice adds up. */
export function fieldMap(text: string, previous?: FieldMap): FieldMap {
  const map: Record<string, string> = { ...previous }
  for (const pair of text.split(',')) {
    const [field = '', column = ''] = pair.split(/=(.*)/s).map((part) => part.trim())
    if (!productFields.some((known) => known === field) || column === '')
      throw new InvalidArgumentError(`Give field=column, where the field is one of ${productFields.join(', ')}.`)
    map[field] = column
  }
  return map
}
