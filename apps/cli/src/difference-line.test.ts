import { expect, test } from 'vitest'
import { differenceLine } from './difference-line.ts'

const product = { productId: '6650f0a2c3d4e5f601234567', sku: 'MUG', moved: 100, ordered: 30 }
const orderId = '6650f0a2c3d4e5f60aaaaaaa'

test('every kind of difference says what is expected and what is there', () => {
  expect(differenceLine({ kind: 'quantity', ...product, expected: 70, actual: 75 })).toBe(
    'product MUG (6650f0a2c3d4e5f601234567): quantity should be 70 (movements 100, less 30 ordered) and is 75',
  )
  expect(differenceLine({ kind: 'quantity', ...product, expected: 70, actual: null })).toContain('and is no number')
  expect(differenceLine({ kind: 'negative', ...product, expected: 0, actual: -2 })).toContain('is -2')
  const actual = { movements: 1, orderLines: 3 }
  expect(differenceLine({ kind: 'unknownProduct', ...product, sku: undefined, expected: null, actual })).toBe(
    'product 6650f0a2c3d4e5f601234567: does not exist, but 1 movements and 3 order lines name it (100 moved, 30 ordered)',
  )
  const money = { expected: { amount: 500, currency: 'GBP' }, actual: { amount: 499 } }
  expect(differenceLine({ kind: 'lineTotal', orderId, ...product, ...money })).toContain(
    'the line of product MUG (6650f0a2c3d4e5f601234567) should come to 500 GBP in minor units and says 499 no currency',
  )
  expect(differenceLine({ kind: 'orderTotal', orderId, ...money })).toContain('the total should be 500 GBP')
  expect(differenceLine({ kind: 'orderStatus', orderId, expected: 'paid', actual: 'cancelled' })).toBe(
    'order 6650f0a2c3d4e5f60aaaaaaa: the status should be paid, as its last step says, and is cancelled',
  )
  expect(differenceLine({ kind: 'orderStatus', orderId, expected: null, actual: null })).toContain('should be none')
  const cancelled = { kind: 'stockReturned', orderId, status: 'cancelled', expected: true, actual: false } as const
  expect(differenceLine(cancelled)).toContain('its units should count as returned to stock, as it is cancelled')
  const placed = { ...cancelled, status: 'placed', expected: false, actual: true }
  expect(differenceLine(placed)).toContain('its units should not count as returned to stock, as it is placed')
})
