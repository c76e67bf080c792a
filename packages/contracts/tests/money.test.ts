import { add, Currency, decimalPlaces, Money, multiply } from '@stockroom/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const MAX = Number.MAX_SAFE_INTEGER
const amount = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 1, MAX - 1, MAX))
const units = fc.integer({ min: 1, max: 1_000_000 })
const eur = (amount: number): Money => ({ amount, currency: 'EUR' })

/** What the arithmetic must give: the exact number, or nothing. */
const exactly = (value: bigint) => (value <= BigInt(MAX) ? eur(Number(value)) : undefined)

describe('money', () => {
  test('is multiplied exactly, or not at all', () => {
    fc.assert(
      fc.property(amount, units, (price, quantity) => {
        expect(multiply(eur(price), quantity)).toEqual(exactly(BigInt(price) * BigInt(quantity)))
      }),
    )
  })

  test('is added exactly, or not at all', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(add(eur(a), eur(b))).toEqual(exactly(BigInt(a) + BigInt(b)))
      }),
    )
  })

  test('reaches 2^53 - 1 and not one unit more', () => {
    expect(add(eur(MAX - 1), eur(1))).toEqual(eur(MAX))
    expect(add(eur(MAX), eur(1))).toBeUndefined()
    expect(multiply(eur(MAX), 1)).toEqual(eur(MAX))
    expect(multiply(eur(2 ** 52), 2)).toBeUndefined()
    // This product is 2^53 + 1, which no double holds.
    expect(multiply(eur(3_002_399_751_580_331), 3)).toBeUndefined()
  })

  test.for([0, 1, 1999, MAX])('of %i minor units is accepted', (amount) => {
    expect(Money.safeParse(eur(amount)).success).toBe(true)
  })

  test.for([-1, 0.1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, 1n, undefined])(
    'of %o minor units is refused',
    (amount) => {
      expect(Money.safeParse({ amount, currency: 'EUR' }).success).toBe(false)
    },
  )

  test('has no further fields', () => {
    expect(Money.safeParse({ amount: 1, currency: 'EUR', precision: 2 }).success).toBe(false)
  })
})

const withPlaces = (places: number) => Currency.options.filter((code) => decimalPlaces(code) === places)

describe('a currency', () => {
  test.for(['EUR', 'GBP', 'JPY', 'KWD', 'SLE', 'XCG'])('%s is known', (code) => {
    expect(Currency.safeParse(code).success).toBe(true)
  })

  test.for(['eur', 'EU', 'EURO', 'DEM', 'XXX', 'XAU', 'XTS', '', 978, null, '__proto__', 'constructor'])(
    '%o is none',
    (code) => {
      expect(Currency.safeParse(code).success).toBe(false)
    },
  )

  test('has three capital letters and stands in the list once', () => {
    expect(Currency.options.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([])
    expect(new Set(Currency.options).size).toBe(Currency.options.length)
  })

  test('has the decimal places of ISO 4217, not those of everyday use', () => {
    expect(withPlaces(0).join(' ')).toBe('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF')
    expect(withPlaces(3).join(' ')).toBe('BHD IQD JOD KWD LYD OMR TND')
    expect(withPlaces(2)).toHaveLength(Currency.options.length - 23)
    expect(withPlaces(2)).toEqual(expect.arrayContaining(['EUR', 'HUF', 'IDR', 'MGA', 'TWD']))
  })
})
