import { describe, expect, test } from 'vitest'
import { toProductRow } from './product-row.ts'

const row = { sku: 'MUG', name: 'Blue mug', price: '12.50', currency: 'EUR', quantity: '40' }
const read = (fields: object) => toProductRow({ ...row, ...fields }, { map: {} })

test('a row of texts becomes a product', () => {
  expect(read({ sku: ' MUG ', description: '', category: ' Kitchen ' })).toEqual({
    product: {
      sku: 'MUG',
      name: 'Blue mug',
      category: 'Kitchen',
      price: { amount: 1250, currency: 'EUR' },
      quantity: 40,
    },
  })
})

test('a price may be a number, a decimal text, or money', () => {
  const price = { price: { amount: 1250, currency: 'EUR' } }
  expect(read({ price: 12.5 })).toMatchObject({ product: price })
  expect(read({ price: '12.495' })).toMatchObject({ product: price })
  expect(read({ price: { amount: 1250, currency: 'EUR' }, currency: undefined })).toMatchObject({ product: price })
})

test('minor units follow the currency', () => {
  expect(read({ price: '1250', currency: 'JPY' })).toMatchObject({ product: { price: { amount: 1250 } } })
  expect(read({ price: '1.2345', currency: 'KWD' })).toMatchObject({ product: { price: { amount: 1235 } } })
  expect(read({ price: '1250.5', currency: 'HUF' })).toMatchObject({ product: { price: { amount: 125_050 } } })
})

test('defaults fill what a row leaves out, and only that', () => {
  const defaults = { map: {}, currency: 'GBP', quantity: 7 } as const
  const filled = toProductRow({ ...row, currency: ' ', quantity: '' }, defaults)
  expect(filled).toMatchObject({ product: { price: { currency: 'GBP' }, quantity: 7 } })
  expect(toProductRow(row, defaults)).toMatchObject({ product: { price: { currency: 'EUR' }, quantity: 40 } })
})

test('a mapping names the columns', () => {
  const fields = { ...row, name: 'no', Description: 'Blue mug', sku: 'no', 'Stock Code': 17 }
  expect(toProductRow(fields, { map: { name: 'Description', sku: 'Stock Code' } })).toMatchObject({
    product: { sku: '17', name: 'Blue mug' },
  })
})

describe('refused', () => {
  test.each([
    [{ sku: ' ' }, 'sku: missing'],
    [{ name: null }, 'name: missing'],
    [{ price: '' }, 'price: missing'],
    [{ price: '-1' }, 'price: not a decimal number of 0 or more'],
    [{ price: '12,50' }, 'price: not a decimal number of 0 or more'],
    [{ currency: '' }, 'currency: missing'],
    [{ currency: 'EURO' }, 'currency: not a code of ISO 4217'],
    [{ quantity: '' }, 'quantity: missing'],
    [{ quantity: '1.5' }, 'quantity: not a whole number'],
    [{ sku: 'A\tB' }, 'sku: must not begin or end with a space, nor contain control characters'],
  ])('%o: %s', (fields, refused) => {
    expect(read(fields)).toEqual({ refused })
  })

  test.each([
    [{ sku: 'x'.repeat(65) }, /^sku: /],
    [{ quantity: '-1' }, /^quantity: /],
    [{ quantity: '1000000001' }, /^quantity: /],
    [{ name: { $gt: '' } }, /^name: /],
    [{ price: { amount: 12.5, currency: 'EUR' } }, /^price\.amount: /],
    [{ price: { amount: 12, currency: 'EUR', tax: 1 } }, /^price: /],
  ])('%o by the contract', (fields, refused) => {
    expect(read(fields)).toEqual({ refused: expect.stringMatching(refused) })
  })
})
