import { expect, test } from 'vitest'
import type { BookDifference } from '@stockroom/server'
import { adviceLines } from './advice.ts'

const sums = { productId: '6650f0a2c3d4e5f601234567', sku: 'MUG', moved: 100, ordered: 30 }
const orderId = '6650f0a2c3d4e5f60aaaaaaa'

const repair = 'they are kept: `npx pnpm shop verify --repair` brings the books to them'
const count = 'cannot stand: count the shelf'
const restore = 'put it back from a backup, under its id'
const compare = 'compare it with a backup'

test.for<[string, BookDifference[], string[]]>([
  ['books in order', [], []],
  ['a quantity that differs', [{ kind: 'quantity', ...sums, expected: 70, actual: 75 }], [repair]],
  ['a quantity that is none', [{ kind: 'quantity', ...sums, expected: 70, actual: null }], [count]],
  [
    'a quantity that differs and is below zero',
    [
      { kind: 'quantity', ...sums, expected: 70, actual: -2 },
      { kind: 'negative', ...sums, expected: 0, actual: -2 },
    ],
    [count],
  ],
  [
    'a product that does not exist',
    [{ kind: 'unknownProduct', ...sums, expected: null, actual: { movements: 1, orderLines: 3 } }],
    [restore],
  ],
  ['an order of another status', [{ kind: 'orderStatus', orderId, expected: 'paid', actual: 'placed' }], [compare]],
  [
    'several, each kind of advice once',
    [
      { kind: 'quantity', ...sums, expected: 70, actual: 75 },
      { kind: 'negative', ...sums, productId: '6650f0a2c3d4e5f601234568', expected: 0, actual: -2 },
      { kind: 'orderTotal', orderId, expected: { amount: 5 }, actual: { amount: 4 } },
      { kind: 'stockReturned', orderId, status: 'cancelled', expected: true, actual: false },
    ],
    [repair, count, compare],
  ],
])('%s', ([, differences, advice]) => {
  const lines = adviceLines(differences)
  expect(lines).toEqual(advice.map((text) => expect.stringContaining(text)))
})
