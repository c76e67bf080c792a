import { isDeepStrictEqual } from 'node:util'
import type {
  AdjustQuantity,
  CreateOrder,
  CreateProduct,
  Currency,
  ErrorCode,
  ErrorDetails,
  MoveOrder,
  Order,
  OrderStatus,
  Product,
  RefundOrder,
  SetQuantity,
} from '@stockroom/contracts'
import type { ShopError } from '@stockroom/server'
import { verifyShop } from '@stockroom/server'
import type { TestShop } from '@stockroom/server/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refusal } from './_books.ts'
import { testShop } from './_shop.ts'

const RUNS = 1000
/** Runs that go on at the same time, in one shop: each has products, users and keys of its own. */
const LANES = 25

/** A call, as it is sent. */
type Request =
  | { readonly kind: 'create'; readonly input: CreateProduct }
  | { readonly kind: 'place'; readonly input: CreateOrder }
  | { readonly kind: 'cancel' | 'pay' | 'fulfil'; readonly input: MoveOrder }
  | { readonly kind: 'refund'; readonly input: RefundOrder }
  | { readonly kind: 'adjust'; readonly input: AdjustQuantity }
  | { readonly kind: 'set'; readonly input: SetQuantity }
  | { readonly kind: 'showProduct' | 'showOrder'; readonly input: { readonly id: string } }

type Refusal = Pick<ShopError, 'code' | 'details'>
type Answer = Product | Order | Refusal

/** What the shop is expected to be: values are replaced, never changed. */
interface Model {
  readonly products: Map<string, Product>
  readonly orders: Map<string, Order>
  /** What was done under each key, and the answer to it. */
  readonly done: Map<string, { readonly meaning: unknown; readonly answer: Answer }>
}

/** What only the shop can know of a change: the id it gave, and the moment it made it. */
interface Fresh {
  readonly id: string
  readonly at: Date
}

const next: Record<OrderStatus, OrderStatus[]> = {
  placed: ['paid', 'cancelled'],
  paid: ['fulfilled', 'cancelled', 'refunded'],
  fulfilled: ['refunded'],
  cancelled: [],
  refunded: [],
}
type Move = 'cancel' | 'pay' | 'fulfil' | 'refund'
const reached = { cancel: 'cancelled', pay: 'paid', fulfil: 'fulfilled', refund: 'refunded' } as const
const moves: Move[] = ['cancel', 'pay', 'fulfil', 'refund']

const refused = <Code extends ErrorCode>(code: Code, details: ErrorDetails<Code>): Refusal => ({ code, details })

/** What the shop has to answer; the model is then as the shop has to be. */
function answerOf(model: Model, request: Request, fresh: Fresh): Answer {
  switch (request.kind) {
    case 'create': {
      const { sku } = request.input
      const taken = [...model.products.values()].find((product) => product.sku === sku)
      if (taken) return refused('SKU_TAKEN', { sku, productId: taken.id })
      const { id, at } = fresh
      return kept(model.products, { id, ...request.input, version: 1, revision: 1, createdAt: at, updatedAt: at })
    }
    case 'place':
      return placed(model, request.input, fresh)
    case 'cancel':
    case 'pay':
    case 'fulfil':
    case 'refund':
      return moved(model, request, fresh)
    case 'adjust': {
      const { id, delta, reason, idempotencyKey } = request.input
      return once(model, { key: idempotencyKey, meaning: [id, delta, reason] }, () => {
        const product = model.products.get(id)
        if (!product) return refused('PRODUCT_NOT_FOUND', { productIds: [id] })
        const short = { productId: id, sku: product.sku, requested: -delta, available: product.quantity }
        if (product.quantity + delta < 0) return refused('OUT_OF_STOCK', { products: [short] })
        return stocked(model, { product, quantity: product.quantity + delta, at: fresh.at })
      })
    }
    case 'set': {
      const { id, quantity, expected } = request.input
      const product = model.products.get(id)
      if (!product) return refused('PRODUCT_NOT_FOUND', { productIds: [id] })
      const current = product.quantity
      if (expected !== undefined && expected !== current) return refused('QUANTITY_CHANGED', { expected, current })
      return quantity === current ? product : stocked(model, { product, quantity, at: fresh.at })
    }
    case 'showProduct':
      return model.products.get(request.input.id) ?? refused('PRODUCT_NOT_FOUND', { productIds: [request.input.id] })
    case 'showOrder':
      return model.orders.get(request.input.id) ?? refused('ORDER_NOT_FOUND', { orderId: request.input.id })
  }
}

function placed(model: Model, input: CreateOrder, { id, at }: Fresh): Answer {
  const { userId, idempotencyKey } = input
  const units = new Map<string, number>()
  for (const { productId, quantity } of input.lines ?? [input]) {
    units.set(productId, (units.get(productId) ?? 0) + quantity)
  }
  return once(model, { key: idempotencyKey, user: userId, meaning: [...units] }, () => {
    const unknown = [...units.keys()].filter((productId) => !model.products.has(productId))
    if (unknown.length > 0) return refused('PRODUCT_NOT_FOUND', { productIds: unknown })
    const wanted = Array.from(units, ([productId, quantity]) => ({ product: model.products.get(productId)!, quantity }))
    const short = wanted
      .filter(({ product, quantity }) => product.quantity < quantity)
      .map(({ product: { id, sku, quantity: available }, quantity: requested }) => ({
        productId: id,
        sku,
        requested,
        available,
      }))
    if (short.length > 0) return refused('OUT_OF_STOCK', { products: short })
    const currencies = [...new Set(wanted.map(({ product }) => product.price.currency))]
    if (currencies.length > 1) return refused('CURRENCY_MISMATCH', { currencies })
    const [currency] = currencies as [Currency]
    const lines = wanted.map(({ product, quantity }) => ({
      productId: product.id,
      sku: product.sku,
      name: product.name,
      unitPrice: product.price,
      quantity,
      total: { amount: product.price.amount * quantity, currency },
    }))
    const amount = lines.reduce((sum, { total }) => sum + total.amount, 0)
    if (amount > Number.MAX_SAFE_INTEGER) return refused('AMOUNT_OUT_OF_RANGE', {})
    for (const { product, quantity } of wanted) {
      stocked(model, { product, quantity: product.quantity - quantity, at })
    }
    const history = [{ status: 'placed' as const, at }]
    const total = { amount, currency }
    return kept(model.orders, { id, userId, lines, total, status: 'placed', history, createdAt: at })
  })
}

function moved(model: Model, { kind, input }: Extract<Request, { kind: Move }>, { at }: Fresh): Answer {
  const { id, reason, idempotencyKey } = input
  const to = reached[kind]
  const restock = kind === 'cancel' || ('restock' in input && input.restock === true)
  const order = model.orders.get(id)
  if (!order) return refused('ORDER_NOT_FOUND', { orderId: id })
  const meaning = [id, to, restock, reason]
  return once(model, { key: idempotencyKey, user: order.userId, meaning, was: order }, () => {
    const from = order.status
    if (from === 'cancelled' && to === 'cancelled') return order
    if (!next[from].includes(to)) return refused('INVALID_TRANSITION', { from, to, allowed: next[from] })
    for (const { productId, quantity } of restock ? order.lines : []) {
      const product = model.products.get(productId)!
      stocked(model, { product, quantity: product.quantity + quantity, at })
    }
    const step = { status: to, at, ...(reason !== undefined && { reason }) }
    return kept(model.orders, { ...order, status: to, history: [...order.history, step] })
  })
}

interface Once {
  readonly key: string | undefined
  /** Whose key it is; without, it is one for all. */
  readonly user?: string
  readonly meaning: unknown
  /** The order before. */
  readonly was?: Order
}

/** Does what was not done under this key yet. What is refused, or changes nothing, leaves the key free. */
function once({ done }: Model, { key, user = '', meaning, was }: Once, act: () => Answer): Answer {
  const scoped = key && `${key}:${user}`
  const before = scoped && done.get(scoped)
  if (before) return isDeepStrictEqual(before.meaning, meaning) ? before.answer : refused('IDEMPOTENCY_KEY_REUSED', {})
  const answer = act()
  if (scoped && 'id' in answer && answer !== was) done.set(scoped, { meaning, answer })
  return answer
}

function kept<Item extends Product | Order>(items: Map<string, Item>, item: Item): Item {
  items.set(item.id, item)
  return item
}

function stocked({ products }: Model, { product, quantity, at }: { product: Product; quantity: number; at: Date }) {
  return kept(products, { ...product, quantity, revision: product.revision + 1, updatedAt: at })
}

/** Calls that are sent at once, and what came of them. */
interface Exchange {
  readonly requests: readonly Request[]
  readonly answers: readonly Answer[]
  readonly from: Date
  readonly to: Date
}

async function exchange(caller: TestShop['caller'], requests: readonly Request[]): Promise<Exchange> {
  const from = new Date()
  const answers = await Promise.all(
    requests.map(async (request) => {
      const call: Promise<Answer> = sent(caller, request)
      return call.catch(() => refusal(call))
    }),
  )
  return { requests, answers, from, to: new Date() }
}

function sent({ products, orders }: TestShop['caller'], { kind, input }: Request): Promise<Product | Order> {
  switch (kind) {
    case 'create':
      return products.create(input)
    case 'place':
      return orders.create(input)
    case 'cancel':
    case 'pay':
    case 'fulfil':
    case 'refund':
      return orders[kind](input)
    case 'adjust':
      return products.adjustQuantity(input)
    case 'set':
      return products.setQuantity(input)
    case 'showProduct':
      return products.byId(input)
    case 'showOrder':
      return orders.byId(input)
  }
}

/** The model after the calls, which were served one after the other, in whatever order. */
function after(model: Model, exchange: Exchange): Model {
  const indexes = exchange.requests.map((_, index) => index)
  for (const order of inAnyOrder(indexes)) {
    const { model: then, expected } = outcome(model, exchange, order)
    if (isDeepStrictEqual(expected, exchange.answers)) return then
  }
  expect(exchange).toStrictEqual({ ...exchange, answers: outcome(model, exchange, indexes).expected })
  throw new Error('The answers differ from the model in a way that the assertion above does not see.')
}

function outcome(model: Model, { requests, answers, from, to }: Exchange, order: readonly number[]) {
  const copy = { products: new Map(model.products), orders: new Map(model.orders), done: new Map(model.done) }
  const expected: Answer[] = []
  for (const index of order) {
    const { id, at } = freshOf(answers[index]!)
    const known = copy.products.has(id) || copy.orders.has(id)
    const within = at < from ? from : at > to ? to : at
    expected[index] = answerOf(copy, requests[index]!, { id: known ? 'another id' : id, at: within })
  }
  return { model: copy, expected }
}

function freshOf(answer: Answer): Fresh {
  if ('code' in answer) return { id: 'an id', at: new Date(0) }
  return { id: answer.id, at: 'updatedAt' in answer ? answer.updatedAt : answer.history.at(-1)!.at }
}

/** Every order of the items; first the one they have. */
function* inAnyOrder<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield []
  for (const [index, first] of items.entries()) {
    for (const rest of inAnyOrder(items.toSpliced(index, 1))) yield [first, ...rest]
  }
}

/** Calls as they are generated: things are named by number, and are looked up when it comes to it. */
type Wish =
  | { readonly kind: 'create'; readonly sku: number; readonly quantity: number; readonly price: Product['price'] }
  | {
      readonly kind: 'place'
      readonly user: string
      readonly lines: readonly { readonly product: number; readonly quantity: number }[]
      readonly key: KeyWish
    }
  | {
      /** `onward`: whichever move the order allows, or the one again that ended it. */
      readonly kind: Move | 'onward'
      readonly order: number
      readonly way: number
      readonly reason: string | undefined
      readonly restock: boolean | undefined
      readonly key: KeyWish
    }
  | { readonly kind: 'adjust'; readonly product: number; readonly delta: number; readonly key: KeyWish }
  | {
      readonly kind: 'set'
      readonly product: number
      readonly quantity: number
      /** By how much the expected quantity is wrong; none is expected where it is undefined. */
      readonly wrongBy: number | undefined
    }
  | { readonly kind: 'showProduct'; readonly product: number }
  | { readonly kind: 'showOrder'; readonly order: number }

/** `own`: of the step; `shared`: of the run, so that most calls that have it are refused. */
type KeyWish = 'none' | 'own' | 'shared'

/** What is sent at once: new calls, or an earlier one so many times, as it was or changed under the same key. */
type Step =
  | { readonly wishes: readonly Wish[] }
  | { readonly again: number; readonly changed: boolean; readonly times: number }

const NOBODYS = 'f'.repeat(24)

const some = fc.constantFrom
const weighted = <Value>(...pairs: [number, fc.Arbitrary<Value>][]) =>
  fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const product = weighted([30, fc.nat(2)], [1, some(-1)])
const order = weighted([20, some(0)], [10, fc.nat(2)], [1, some(-1)])
const key = weighted<KeyWish>([3, some('none')], [4, some('own')], [1, some('shared')])
const units = fc.integer({ min: 1, max: 4 })
const onHand = weighted([3, fc.integer({ min: 6, max: 20 })], [1, fc.nat(5)])
const price = weighted<Product['price']>(
  [18, fc.record({ amount: fc.nat(2000), currency: some('EUR' as const) })],
  [1, some({ amount: 500, currency: 'JPY' })],
  [1, some({ amount: Number.MAX_SAFE_INTEGER, currency: 'EUR' })],
)
const creation = fc.record({ kind: some('create' as const), sku: fc.nat(9), quantity: onHand, price })
const line = fc.record({ product, quantity: units })
const placing = fc.record({
  kind: some('place' as const),
  user: some('ada', 'ada', 'bob'),
  lines: weighted([2, fc.tuple(line)], [1, fc.array(line, { minLength: 2, maxLength: 3 })]),
  key,
})
const move = fc.record({
  kind: weighted<Move | 'onward'>([6, some('onward')], [3, some('cancel')], [3, some('pay', 'refund', 'fulfil')]),
  way: fc.nat(2),
  order,
  reason: some(undefined, undefined, 'ordered by mistake'),
  restock: some(undefined, true, false),
  key,
})
const adjustment = fc.record({ kind: some('adjust' as const), product, delta: fc.integer({ min: -6, max: 6 }), key })
const setting = fc.record({
  kind: some('set' as const),
  product,
  quantity: onHand,
  wrongBy: some(undefined, 0, 0, 1),
})
const showing = fc.oneof(
  fc.record({ kind: some('showProduct' as const), product }),
  fc.record({ kind: some('showOrder' as const), order }),
)
const wish = weighted<Wish>([7, placing], [10, move], [3, adjustment], [2, setting], [1, creation], [1, showing])
const times = fc.integer({ min: 1, max: 4 })
const step = weighted<Step>(
  [8, fc.record({ wishes: fc.tuple(wish) })],
  [3, fc.tuple(wish, times).map(([wish, times]) => ({ wishes: Array.from({ length: times + 1 }, () => wish) }))],
  [2, fc.record({ wishes: fc.tuple(wish, wish) })],
  [4, fc.record({ again: fc.nat(3), changed: some(false, false, true), times })],
)
/** Without a bias to small numbers, which in a shop are empty shelves, and lives in which nothing is sold. */
const life = fc.noBias(
  fc.record({
    opening: fc.tuple(creation, creation, placing),
    steps: fc.array(step, { minLength: 4, maxLength: 9, size: 'max' }),
  }),
)

interface Life {
  readonly opening: readonly Wish[]
  readonly steps: readonly Step[]
}

/** What a step comes to, where the model stands. */
interface Now {
  readonly model: Model
  /** Of the run, and of the step in it. */
  readonly name: string
  readonly index: number
  /** The requests so far. */
  readonly before: readonly Request[]
}

function requestsOf(step: Step, now: Now): Request[] {
  if ('wishes' in step) return step.wishes.map((wish) => requestOf(wish, now))
  const request = now.before.at(-1 - step.again) ?? now.before.at(-1)!
  return Array.from({ length: step.times }, () => (step.changed ? changed(request) : request))
}

function requestOf(wish: Wish, { model, name, index }: Now): Request {
  const products = [...model.products.keys()]
  const orders = [...model.orders.keys()]
  const productId = (number: number) => (number < 0 ? NOBODYS : products[number % products.length]!)
  // Numbered from the last, so that the same one is often moved again.
  const orderId = (number: number) => (number < 0 ? NOBODYS : (orders.at(-1 - (number % orders.length)) ?? NOBODYS))
  const keyed = (key: KeyWish) =>
    key === 'none' ? {} : { idempotencyKey: `${name}-${key === 'own' ? index : key}-key` }
  switch (wish.kind) {
    case 'create': {
      const { sku, quantity, price } = wish
      return { kind: 'create', input: { sku: `${name}-${sku}`, name: `Product ${sku}`, quantity, price: { ...price } } }
    }
    case 'place': {
      const { user, key } = wish
      const lines = wish.lines.map(({ product, quantity }) => ({ productId: productId(product), quantity }))
      const form = lines.length === 1 ? lines[0]! : { lines }
      return { kind: 'place', input: { userId: `${name}-${user}`, ...form, ...keyed(key) } }
    }
    case 'cancel':
    case 'pay':
    case 'fulfil':
    case 'refund':
    case 'onward': {
      const { way, reason, restock, key } = wish
      const id = orderId(wish.order)
      const kind = wish.kind === 'onward' ? onward(model.orders.get(id), way) : wish.kind
      const input = { id, ...(reason !== undefined && { reason }), ...keyed(key) }
      if (kind !== 'refund') return { kind, input }
      return { kind, input: { ...input, ...(restock !== undefined && { restock }) } }
    }
    case 'adjust': {
      const { product, delta, key } = wish
      return { kind: 'adjust', input: { id: productId(product), delta, reason: 'counted', ...keyed(key) } }
    }
    case 'set': {
      const { quantity, wrongBy } = wish
      const id = productId(wish.product)
      const found = model.products.get(id)?.quantity ?? 0
      return { kind: 'set', input: { id, quantity, ...(wrongBy !== undefined && { expected: found + wrongBy }) } }
    }
    case 'showProduct':
      return { kind: wish.kind, input: { id: productId(wish.product) } }
    case 'showOrder':
      return { kind: wish.kind, input: { id: orderId(wish.order) } }
  }
}

function onward(order: Order | undefined, way: number): Move {
  const allowed = next[order?.status ?? 'placed']
  const to = allowed[way % allowed.length] ?? order?.status
  return moves.find((move) => reached[move] === to)!
}

/** Another request under the same key, if it has one. */
function changed(request: Request): Request {
  switch (request.kind) {
    case 'create':
      return { ...request, input: { ...request.input, name: 'Another name' } }
    case 'place': {
      const { input } = request
      if (!input.lines) return { kind: 'place', input: { ...input, quantity: input.quantity + 1 } }
      const [first, ...others] = input.lines
      return { kind: 'place', input: { ...input, lines: [{ ...first!, quantity: first!.quantity + 1 }, ...others] } }
    }
    case 'cancel':
    case 'pay':
    case 'fulfil':
      return { ...request, input: { ...request.input, reason: 'another reason' } }
    case 'refund':
      return { ...request, input: { ...request.input, restock: request.input.restock !== true } }
    case 'adjust':
      return { ...request, input: { ...request.input, delta: request.input.delta + 1 } }
    case 'set':
      return { ...request, input: { ...request.input, quantity: request.input.quantity + 1 } }
    case 'showProduct':
    case 'showOrder':
      return request
  }
}

let count = 0

/** Throws where an answer, or what is there at the end, is not what the model says. */
async function live(caller: TestShop['caller'], { opening, steps }: Life): Promise<void> {
  count++
  const name = `run-${count}`
  const before: Request[] = []
  let model: Model = { products: new Map(), orders: new Map(), done: new Map() }
  const all: Step[] = [...opening.map((wish) => ({ wishes: [wish] })), ...steps]
  for (const [index, step] of all.entries()) {
    const requests = requestsOf(step, { model, name, index, before })
    before.push(requests[0]!)
    model = after(model, await exchange(caller, requests))
  }
  const products = await Promise.all(Array.from(model.products.keys(), (id) => caller.products.byId({ id })))
  expect(products).toEqual([...model.products.values()])
  const lists = await Promise.all(['ada', 'bob'].map((user) => caller.orders.list({ userId: `${name}-${user}` })))
  const orders = new Map(lists.flatMap(({ items }) => items).map((order) => [order.id, order]))
  expect(orders).toEqual(model.orders)
}

test(`whatever is asked in ${RUNS} lives of a shop, it answers as the model does, and its books add up`, async () => {
  await using shop = await testShop()
  const property = fc.asyncProperty(life, (life) => live(shop.caller, life))
  const lanes = Array.from({ length: LANES }, () => fc.assert(property, { numRuns: RUNS / LANES }))
  // All of them end before the shop is closed, also where one has failed.
  await Promise.allSettled(lanes)
  await Promise.all(lanes)
  expect((await verifyShop({ uri: shop.uri, database: shop.database })).differences).toEqual([])
}, 120_000)
