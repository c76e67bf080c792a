import type { Currency } from '@stockroom/contracts'
import { ShopError } from '@stockroom/server'
import fc from 'fast-check'
import { ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { OrderDocument } from '../src/collections/orders.ts'
import type { ProductDocument } from '../src/collections/products.ts'
import type { Command, PlaceOrder, ProductRow, Replayable } from '../src/domain/commands.ts'
import type { Settlement } from '../src/domain/settle.ts'
import { settle } from '../src/domain/settle.ts'

const before = new Date('2026-01-01T00:00:00Z')
const now = new Date('2026-01-02T00:00:00Z')
const KNOWN = 4
const MAX = Number.MAX_SAFE_INTEGER

/** The id of the nth thing of a kind. */
const idOf = (kind: 'product' | 'order' | 'movement' | 'new', n: number) =>
  new ObjectId(`${{ product: '0a', order: '0b', movement: '0c', new: '0d' }[kind]}${String(n).padStart(22, '0')}`)

/** Prices of one shop: mostly small ones in one currency, now and then what an order cannot add up. */
const price = fc.record({
  amount: fc.oneof({ weight: 9, arbitrary: fc.nat(2000) }, { weight: 1, arbitrary: fc.constantFrom(MAX, MAX - 1) }),
  currency: fc.oneof(
    { weight: 9, arbitrary: fc.constant<Currency>('EUR') },
    { weight: 1, arbitrary: fc.constant<Currency>('JPY') },
  ),
})
const name = fc.constantFrom('Mug', 'Bowl', 'Lamp')
const note = fc.option(fc.constantFrom('blue', 'red'), { nil: undefined })
const onHand = fc.nat(10)

/** What is left out is no field at all, as in a request. */
const described = <Fields extends object>(fields: Fields, description: string | undefined) =>
  description === undefined ? fields : { ...fields, description }

const stock = fc
  .array(fc.record({ name, price, note, quantity: onHand }), { minLength: KNOWN, maxLength: KNOWN })
  .map((products) =>
    products.map(({ note, ...product }, n): ProductDocument => {
      const times = { version: n + 1, revision: n + 5, createdAt: before, updatedAt: before }
      return described({ _id: idOf('product', n), sku: `S${n}`, ...product, ...times }, note)
    }),
  )

/** Two of the six products that commands name are not in the stock. */
const product = fc.nat(KNOWN + 1)
const row = fc.record({ n: product, name, price, note, quantity: onHand })
const request = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('placeOrder' as const),
      lines: fc.uniqueArray(fc.record({ n: product, quantity: fc.integer({ min: 1, max: 6 }) }), {
        selector: ({ n }) => n,
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('setQuantity' as const), n: product, quantity: onHand }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('addProduct' as const), row }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('upsertRows' as const),
      rows: fc.array(row, { minLength: 1, maxLength: 4 }),
      setQuantity: fc.boolean(),
    }),
  },
)

/** Commands as the shop makes them: each brings ids that no other has. */
const batch = fc.array(request, { maxLength: 12 }).map((requests) => {
  let count = 0
  const toRow = ({ n, note, ...fields }: typeof row extends fc.Arbitrary<infer Row> ? Row : never): ProductRow => {
    count++
    const product = described({ sku: `S${n}`, ...fields }, note)
    return { productId: idOf('new', count), movementId: idOf('movement', count), product }
  }
  return requests.map((request): Command => {
    count++
    switch (request.kind) {
      case 'placeOrder': {
        const lines = request.lines.map(({ n, quantity }) => ({
          productId: idOf('product', n).toHexString(),
          quantity,
        }))
        return { kind: 'placeOrder', orderId: idOf('order', count), userId: `user-${count}`, lines }
      }
      case 'setQuantity': {
        const productId = idOf('product', request.n).toHexString()
        return { kind: 'setQuantity', movementId: idOf('movement', count), productId, quantity: request.quantity }
      }
      case 'addProduct':
        return { kind: 'addProduct', ...toRow(request.row) }
      case 'upsertRows':
        return { kind: 'upsertRows', rows: request.rows.map(toRow), setQuantity: request.setQuantity }
    }
  })
})

/** A batch in a shop that has no orders yet. */
const settled = (commands: readonly Command[], products: readonly ProductDocument[]) =>
  settle(commands, { products, orders: new Map(), movements: [] }, now)

/** The stock as the settlement leaves it, by id. */
function stockAfter(products: readonly ProductDocument[], { created, changes }: Settlement) {
  const after = new Map(products.map((product) => [product._id.toHexString(), product]))
  for (const product of [...created, ...changes.map((change) => change.after)]) {
    after.set(product._id.toHexString(), product)
  }
  return after
}

/** Each command with its outcome, and with the stock at its turn and after it. */
function turns(commands: readonly Command[], products: readonly ProductDocument[]) {
  const { outcomes } = settled(commands, products)
  const stocks = [...commands, undefined].map((_, turn) =>
    stockAfter(products, settled(commands.slice(0, turn), products)),
  )
  return commands.map((command, turn) => ({
    command,
    outcome: outcomes[turn],
    found: stocks[turn]!,
    left: stocks[turn + 1]!,
  }))
}

const holds = (property: (commands: Command[], products: ProductDocument[]) => void, numRuns = 1000) =>
  fc.assert(fc.property(batch, stock, property), { numRuns })

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

describe('a settled batch', () => {
  test('conserves stock: what was there, plus movements, less what was ordered, is what is left', () => {
    holds((commands, products) => {
      const settlement = settled(commands, products)
      const initial = new Map(products.map(({ _id, quantity }) => [_id.toHexString(), quantity]))
      const lines = settlement.orders.flatMap((order) => order.lines)
      for (const [id, { _id, quantity }] of stockAfter(products, settlement)) {
        const moved = settlement.movements.filter(({ productId }) => productId.equals(_id)).map(({ change }) => change)
        const ordered = lines.filter(({ productId }) => productId.equals(_id)).map((line) => line.quantity)
        expect((initial.get(id) ?? 0) + sum(moved) - sum(ordered)).toBe(quantity)
      }
    })
  })

  test('never leaves less than nothing, at any turn', () => {
    holds((commands, products) => {
      for (const { left } of turns(commands, products)) {
        for (const { quantity } of left.values()) expect(quantity).toBeGreaterThanOrEqual(0)
      }
    })
  })

  test('places an order whole, or not at all', () => {
    holds((commands, products) => {
      const { outcomes, orders } = settled(commands, products)
      const placed = commands.flatMap((command, turn) =>
        command.kind === 'placeOrder' && !(outcomes[turn] instanceof ShopError)
          ? [[command, (outcomes[turn] as Replayable<OrderDocument>).value] as const]
          : [],
      )
      expect(orders).toEqual(placed.map(([, order]) => order))
      for (const [command, order] of placed) {
        const { _id, userId, lines } = order
        expect({ _id, userId }).toEqual({ _id: command.orderId, userId: command.userId })
        expect(lines.map(({ productId, quantity }) => ({ productId: productId.toHexString(), quantity }))).toEqual(
          command.lines,
        )
      }
    })
  })

  test('is the same without the commands that it refused', () => {
    holds((commands, products) => {
      const { outcomes, commands: _, ...written } = settled(commands, products)
      const accepted = commands.filter((_, turn) => !(outcomes[turn] instanceof ShopError))
      expect(settled(accepted, products)).toEqual({
        commands: accepted,
        ...written,
        outcomes: outcomes.filter((outcome) => !(outcome instanceof ShopError)),
      })
    })
  })

  test('gives each command the same whatever comes after it', () => {
    holds((commands, products) => {
      const { outcomes } = settled(commands, products)
      const half = commands.slice(0, commands.length >> 1)
      expect(settled(half, products).outcomes).toEqual(outcomes.slice(0, half.length))
    })
  })

  test('refuses an order only for what holds at its turn, and says exactly what', () => {
    holds((commands, products) => {
      for (const { command, outcome, found } of turns(commands, products)) {
        if (command.kind !== 'placeOrder') continue
        const refused = outcome instanceof ShopError ? { code: outcome.code, details: outcome.details } : undefined
        expect(refused).toEqual(expectedRefusal(command, found))
      }
    })
  })

  test('copies price and name into each line, and adds them up exactly', () => {
    holds((commands, products) => {
      for (const { command, outcome, found } of turns(commands, products)) {
        if (command.kind !== 'placeOrder' || outcome instanceof ShopError) continue
        const { lines, total, status, createdAt } = (outcome as Replayable<OrderDocument>).value
        for (const line of lines) {
          const { sku, name, price } = found.get(line.productId.toHexString())!
          expect(line).toMatchObject({ sku, name, unitPrice: price })
          expect(line.total.currency).toBe(price.currency)
          expect(BigInt(line.total.amount)).toBe(BigInt(price.amount) * BigInt(line.quantity))
        }
        expect(BigInt(total.amount)).toBe(lines.reduce((all, line) => all + BigInt(line.total.amount), 0n))
        expect({ status, createdAt }).toEqual({ status: 'placed', createdAt: now })
      }
    })
  })

  test('refuses a SKU that is taken, and a product that is not there', () => {
    holds((commands, products) => {
      for (const { command, outcome, found } of turns(commands, products)) {
        if (command.kind === 'addProduct') {
          const { sku } = command.product
          const taken = [...found.values()].find((product) => product.sku === sku)
          if (taken)
            expect(outcome).toMatchObject({ code: 'SKU_TAKEN', details: { sku, productId: taken._id.toHexString() } })
          else expect(outcome).toMatchObject({ _id: command.productId, ...command.product, version: 1, revision: 1 })
        } else if (command.kind === 'setQuantity') {
          const { productId, quantity } = command
          if (found.has(productId))
            expect(outcome).toMatchObject({ ...found.get(productId), ...changedBy(quantity, found.get(productId)!) })
          else expect(outcome).toMatchObject({ code: 'PRODUCT_NOT_FOUND', details: { productIds: [productId] } })
        }
      }
    })
  })

  test('says of each row what became of it', () => {
    holds((commands, products) => {
      for (const { command, outcome, found, left } of turns(commands, products)) {
        if (command.kind !== 'upsertRows') continue
        const skus = command.rows.map(({ product }) => product.sku)
        const results = outcome as { sku: string; id: string; outcome: string }[]
        expect(results.map(({ sku }) => sku)).toEqual(skus)
        results.forEach(({ sku, id, outcome }, index) => {
          const [was, is] = [found.get(id), left.get(id)!]
          expect(is.sku).toBe(sku)
          // A later row of the same SKU may have changed it once more.
          if (skus.indexOf(sku) !== index || skus.lastIndexOf(sku) !== index) return
          const expected = !was ? 'created' : was.revision === is.revision ? 'unchanged' : 'updated'
          expect(outcome).toBe(expected)
          const { quantity, ...fields } = command.rows[index]!.product
          expect(is).toMatchObject(fields)
          expect(is.quantity).toBe(!was || command.setQuantity ? quantity : was.quantity)
          expect(is.description).toBe(fields.description ?? was?.description)
        })
      }
    })
  })

  test('counts one revision for each change, and a version for edits alone', () => {
    holds((commands, products) => {
      for (const { command, found, left } of turns(commands, products)) {
        for (const [id, is] of left) {
          const was = found.get(id)
          if (!was) continue
          const rows = command.kind === 'upsertRows' ? command.rows.filter(({ product }) => product.sku === is.sku) : []
          const revisions = is.revision - was.revision
          const versions = is.version - was.version
          if (revisions === 0) expect(is).toEqual(was)
          else expect(is.updatedAt).toBe(now)
          if (rows.length > 1) {
            expect(versions).toBeLessThanOrEqual(revisions)
            expect(revisions).toBeLessThanOrEqual(rows.length)
          } else {
            expect(revisions).toBe(isDeepEqual(content(was), content(is)) ? 0 : 1)
            expect(versions).toBe(isDeepEqual(description(was), description(is)) ? 0 : 1)
          }
        }
      }
    })
  })

  test('names each change once, from what was read to what is left', () => {
    holds((commands, products) => {
      const { changes, created, movements } = settled(commands, products)
      const ids = [...created, ...changes.map(({ after }) => after)].map(({ _id }) => _id.toHexString())
      expect(new Set(ids).size).toBe(ids.length)
      for (const change of changes) expect(products).toContain(change.before)
      for (const change of changes) expect(change.after._id).toEqual(change.before._id)
      expect(new Set(movements.map(({ _id }) => _id.toHexString())).size).toBe(movements.length)
      for (const { change, at } of movements) expect([change !== 0, at]).toEqual([true, now])
    })
  })

  test('leaves what it was given as it was', () => {
    holds((commands, products) => {
      deepFreeze([commands, products])
      settled(commands, products)
      expect(now.toISOString()).toBe('2026-01-02T00:00:00.000Z')
    })
  })

  test('decides the same each time it is asked', () => {
    holds((commands, products) => {
      expect(settled(commands, products)).toEqual(settled(commands, products))
    })
  })
})

function expectedRefusal({ lines }: PlaceOrder, found: ReadonlyMap<string, ProductDocument>) {
  const unknown = lines.filter(({ productId }) => !found.has(productId))
  if (unknown.length > 0) {
    return { code: 'PRODUCT_NOT_FOUND', details: { productIds: unknown.map(({ productId }) => productId) } }
  }
  const wanted = lines.map((line) => ({ ...line, product: found.get(line.productId)! }))
  const short = wanted.filter(({ product, quantity }) => product.quantity < quantity)
  if (short.length > 0) {
    const shortages = short.map(({ productId, product, quantity }) => ({
      productId,
      sku: product.sku,
      requested: quantity,
      available: product.quantity,
    }))
    return { code: 'OUT_OF_STOCK', details: { products: shortages } }
  }
  const currencies = [...new Set(wanted.map(({ product }) => product.price.currency))]
  if (currencies.length > 1) return { code: 'CURRENCY_MISMATCH', details: { currencies } }
  const total = wanted.reduce((all, { product, quantity }) => all + BigInt(product.price.amount) * BigInt(quantity), 0n)
  return total > BigInt(MAX) ? { code: 'AMOUNT_OUT_OF_RANGE', details: {} } : undefined
}

const changedBy = (quantity: number, product: ProductDocument) =>
  product.quantity === quantity
    ? {}
    : { quantity, revision: product.revision + 1, expectedRevision: product.revision + 1, updatedAt: now }

const description = ({ sku, name, description, price }: ProductDocument) => [sku, name, description, price]
const content = (product: ProductDocument) => [...description(product), product.quantity]
const isDeepEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof ObjectId || value instanceof Date) return
  Object.freeze(value)
  Object.values(value).forEach(deepFreeze)
}
