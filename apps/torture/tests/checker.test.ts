import { expect, test } from 'vitest'
import type { BookedOrder, Books } from '../src/books.ts'
import { check } from '../src/check/check.ts'
import { readHistory } from '../src/check/operations.ts'
import type { Event, Input, Outcome } from '../src/history.ts'

const line = { product: 'mug', quantity: 2, unitPrice: 150, total: 300 }
const place: Input = { kind: 'place', userId: 'buyer-0', lines: [{ product: 'mug', quantity: 2 }] }
const cancel: Input = { kind: 'cancel', order: 'order' }
const placed: Outcome = { type: 'ok', answer: { order: 'order', status: 'placed', total: 300, lines: [line] } }
const cancelled: Outcome = { type: 'ok', answer: { order: 'order', status: 'cancelled', total: 300, lines: [line] } }
const adjust: Input = { kind: 'adjust', product: 'mug', delta: 5 }
const adjusted: Outcome = { type: 'ok', answer: { product: 'mug', quantity: 6 } }
const lost: Outcome = { type: 'info', code: 'ECONNRESET' }
const refused: Outcome = { type: 'fail', status: 400, code: 'OUT_OF_STOCK' }
const busy: Outcome = { type: 'fail', status: 503, code: 'BUSY' }

const order: BookedOrder = {
  id: 'order',
  userId: 'buyer-0',
  status: 'placed',
  total: 300,
  lines: [line],
  history: [{ status: 'placed' }],
  keys: ['key-0:buyer-0'],
  stockReturned: false,
}
const returned: BookedOrder = {
  ...order,
  status: 'cancelled',
  history: [{ status: 'placed' }, { status: 'cancelled', reason: 'operation 1' }],
  stockReturned: true,
}
const books: Books = {
  products: [{ id: 'mug', quantity: 8, price: 150 }],
  orders: [order],
  movements: [{ product: 'mug', change: 10, reason: 'initial' }],
}
const unsold: Books = { ...books, products: [{ id: 'mug', quantity: 10, price: 150 }], orders: [] }
const oneLeft: Books = {
  products: [{ id: 'mug', quantity: 1, price: 150 }],
  orders: [],
  movements: [{ product: 'mug', change: 1, reason: 'initial' }],
}
const restocked: Books = {
  products: [{ id: 'mug', quantity: 6, price: 150 }],
  orders: [],
  movements: [...oneLeft.movements, { product: 'mug', change: 5, reason: 'adjust', note: 'operation 1' }],
}
const withOrder = (changed: Partial<BookedOrder>): Books => ({ ...books, orders: [{ ...order, ...changed }] })

/** The history of operations, each with the outcomes of its attempts. */
function history(...operations: [Input, ...Outcome[]][]): Event[] {
  return operations.flatMap(([input, ...outcomes], operation) =>
    outcomes.flatMap((outcome, attempt): Event[] => {
      const about = { time: 100 * attempt, operation, attempt, process: 0, server: 0, calm: false }
      return [
        { type: 'invoke', ...about, key: `key-${operation}`, input },
        { ...outcome, ...about },
      ]
    }),
  )
}

async function violations(events: Event[], final: Books): Promise<string[]> {
  return check(await readHistory(events), final).violations.map(({ kind }) => kind)
}

test.each<[string, Event[], Books]>([
  ['an acknowledged order is there', history([place, placed]), books],
  ['a refused one is not, and there was too little', history([place, refused]), oneLeft],
  ['units came in after a refusal', history([place, refused], [adjust, adjusted]), restocked],
  ['a lost answer was repeated', history([place, lost, { ...placed, replayed: true }]), books],
  ['a busy shop did nothing', history([place, busy, busy]), unsold],
  [
    'an order was cancelled, by two clients',
    history([place, placed], [cancel, cancelled], [cancel, cancelled]),
    { ...unsold, orders: [returned] },
  ],
])('nothing is wrong where %s', async (_, events, final) => {
  expect(await violations(events, final)).toEqual([])
})

interface Wrong {
  readonly where: string
  readonly kinds: readonly string[]
  readonly events: Event[]
  readonly final: Books
}

const bought = history([place, placed])
const regretted = history([place, placed], [cancel, cancelled])
const one: Input = { kind: 'place', userId: 'buyer-0', lines: [{ product: 'mug', quantity: 1 }] }
const broken: Outcome = { type: 'broken', status: 500, code: 'INTERNAL' }
const onHand = (quantity: number): Pick<Books, 'products'> => ({ products: [{ id: 'mug', quantity, price: 150 }] })
const twice: Books = { ...books, ...onHand(6), orders: [order, { ...order, id: 'another', keys: [] }] }
const scarce: Books = { ...books, ...onHand(-1), movements: [{ product: 'mug', change: 1, reason: 'initial' }] }

test.each<Wrong>([
  { where: 'an acknowledged order is not there', kinds: ['lost'], events: bought, final: unsold },
  { where: 'an acknowledged cancellation is not there', kinds: ['lost'], events: regretted, final: books },
  { where: 'one request placed two orders', kinds: ['doubled'], events: bought, final: twice },
  { where: 'a refused order is there', kinds: ['ghost', 'unsold'], events: history([place, refused]), final: books },
  { where: 'units were kept from a buyer', kinds: ['unsold'], events: history([place, refused]), final: unsold },
  { where: 'a busy shop placed an order', kinds: ['ghost'], events: history([place, busy]), final: books },
  { where: 'nobody placed the order', kinds: ['ghost'], events: history(), final: books },
  { where: 'nobody knows after a repeat', kinds: ['unresolved'], events: history([place, lost, lost]), final: books },
  { where: 'the shop answered 500', kinds: ['broken'], events: history([place, broken, placed]), final: books },
  {
    where: 'units came back twice',
    kinds: ['conservation'],
    events: regretted,
    final: { ...unsold, ...onHand(12), orders: [returned] },
  },
  { where: 'more was sold than came in', kinds: ['oversold'], events: bought, final: scarce },
  { where: 'another quantity was sold', kinds: ['answer'], events: history([one, placed]), final: books },
  { where: 'a total is not the sum', kinds: ['answer', 'money'], events: bought, final: withOrder({ total: 301 }) },
  { where: 'a status was skipped', kinds: ['illegal'], events: bought, final: withOrder({ status: 'fulfilled' }) },
  {
    where: 'a placed order holds no units',
    kinds: ['illegal'],
    events: bought,
    final: { ...unsold, orders: [{ ...order, stockReturned: true }] },
  },
])('it is found where $where', async ({ kinds, events, final }) => {
  expect((await violations(events, final)).toSorted()).toEqual(kinds)
})

test('the gap after a kill ends with the first order that is acknowledged again', async () => {
  const events: Event[] = [
    ...history([place, placed]),
    { type: 'fault', time: 50, fault: 'kill -9 primary', phase: 'begin' },
    { type: 'fault', time: 900, fault: 'kill -9 primary', phase: 'end' },
    {
      type: 'invoke',
      time: 950,
      operation: 0,
      attempt: 1,
      process: 0,
      server: 0,
      calm: false,
      key: 'key-0',
      input: place,
    },
    { ...placed, time: 6000, operation: 0, attempt: 1, process: 0, server: 0, calm: false },
  ]
  const { counts, violations: found } = check(await readHistory(events), books)
  expect(counts.maxGapMs).toBe(5950)
  expect(found.map(({ kind }) => kind)).toEqual(['slow'])
})
