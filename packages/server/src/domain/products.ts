import type { CreateProduct, UpsertResult } from '@stockroom/contracts'
import { MAX_PAGE } from '@stockroom/contracts'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import { toProduct } from '../collections/products.ts'
import type { Shop } from '../shop.ts'
import type { Catalogue } from './catalogue.ts'
import type { Desk } from './desk.ts'
import { chunks } from './chunks.ts'
import { isShopError, reading, ShopError } from './errors.ts'
import { keyOf } from './idempotency.ts'
import { fromCursor, parseId, toCursor } from './ids.ts'

/** Rows of one bulk command: small enough that orders never wait long behind one. */
const ROWS_A_COMMAND = 100

export function openProducts(
  { products }: Collections,
  catalogue: Catalogue,
  desk: Pick<Desk, 'submit'>,
): Omit<Shop['products'], 'watch'> {
  return {
    async list({ cursor, limit = MAX_PAGE }) {
      const after = cursor === undefined ? undefined : fromCursor('products', cursor)
      const found = after ? await page(after, limit) : await catalogue.first(limit)
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return {
        items: items.map(toProduct),
        nextCursor: last && found.length > limit ? toCursor('products', last._id) : null,
      }
    },

    async byId({ id }) {
      const product = await catalogue.byId(parsedId(id))
      if (!product) throw notFound(id)
      return toProduct(product)
    },

    async create(product) {
      return toProduct(await desk.submit({ kind: 'addProduct', ...newRow(product) }))
    },

    async setQuantity({ id, quantity, expected }) {
      const productId = parsedId(id).toHexString()
      const movementId = new ObjectId()
      return toProduct(await desk.submit({ kind: 'setQuantity', movementId, productId, quantity, expected }))
    },

    async adjustQuantity({ id, delta, reason, idempotencyKey }, call = {}) {
      const productId = parsedId(id).toHexString()
      const key = keyOf(idempotencyKey, call, ['adjust', productId, delta, reason])
      const movementId = new ObjectId()
      const adjusted = await desk.submit({ kind: 'adjustQuantity', movementId, productId, delta, reason, key })
      call.replayed = adjusted.replayed
      return toProduct(adjusted.value)
    },

    async upsertMany({ rows, setQuantity = false }) {
      const commands = chunks(rows.map(newRow), ROWS_A_COMMAND).map((chunk) =>
        desk.submit({ kind: 'upsertRows', rows: chunk, setQuantity }),
      )
      return { results: together(await Promise.allSettled(commands)) }
    },

    stamp: () => catalogue.stamp(),
  }

  function page(after: ObjectId, limit: number) {
    return reading(() =>
      products
        .find({ _id: { $gt: after } }, { maxTimeMS: 5000 })
        .sort({ _id: 1 })
        .limit(limit + 1)
        .toArray(),
    )
  }
}

/** A field that the caller set to undefined is left out: MongoDB would keep it as null. */
const newRow = ({ description, category, ...required }: CreateProduct) => ({
  productId: new ObjectId(),
  movementId: new ObjectId(),
  product: {
    ...required,
    ...(description !== undefined && { description }),
    ...(category !== undefined && { category }),
  },
})

/** The chunks commit one by one: where some of them did, or may have, "nothing was done" would be a lie. */
function together(outcomes: PromiseSettledResult<UpsertResult[]>[]): UpsertResult[] {
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (!failed) return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  const none = outcomes.every(
    (outcome) => outcome.status === 'rejected' && !isShopError(outcome.reason, 'OUTCOME_UNKNOWN'),
  )
  throw none ? failed.reason : new ShopError('OUTCOME_UNKNOWN', {}, { cause: failed.reason })
}

const notFound = (id: string) => new ShopError('PRODUCT_NOT_FOUND', { productIds: [id] })

/** Throws PRODUCT_NOT_FOUND: a malformed id names no product. */
function parsedId(id: string): ObjectId {
  const parsed = parseId(id)
  if (!parsed) throw notFound(id)
  return parsed
}
