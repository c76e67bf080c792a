import { expect, test } from 'vitest'
import { isPositiveDecimal, toMinorUnits, toWholeNumber } from './decimal.ts'

test.each([
  ['12.50', 2, 1250],
  ['12.5', 2, 1250],
  ['12', 2, 1200],
  ['.5', 2, 50],
  ['5.', 2, 500],
  ['+3.10', 2, 310],
  ['007.10', 2, 710],
  ['2.344', 2, 234],
  ['2.345', 2, 235],
  ['2.3449999999999999', 2, 234],
  // In binary floating point both of these round the other way.
  ['1.005', 2, 101],
  ['8.345', 2, 835],
  ['0.004', 2, 0],
  ['0.005', 2, 1],
  ['0.995', 2, 100],
  ['12.5', 0, 13],
  ['12.49', 0, 12],
  ['1.2345', 3, 1235],
  ['90071992547409.91', 2, Number.MAX_SAFE_INTEGER],
])('%s with %i places is %i', (text, places, amount) => {
  expect(toMinorUnits(text, places)).toBe(amount)
})

test.each(['', '.', '-1', '1e3', '1,50', '1 000', 'free', '0x10', 'NaN', '90071992547409.92', '9'.repeat(400)])(
  '"%s" is no price',
  (text) => {
    expect(toMinorUnits(text, 2)).toBeUndefined()
  },
)

test('a positive decimal is above zero, however little', () => {
  expect(['1', '0.001', '.5', '5.', '+2'].every(isPositiveDecimal)).toBe(true)
  expect(['0', '0.0', '-1', '', '.', 'one', '1e3', '1.2.3'].some(isPositiveDecimal)).toBe(false)
})

test('a whole number may end in .0', () => {
  expect(['6', '6.0', '6.', '-3', '+3'].map(toWholeNumber)).toEqual([6, 6, 6, -3, 3])
  expect(['6.5', '', 'six', '1e3'].map(toWholeNumber)).toEqual([undefined, undefined, undefined, undefined])
})
