import * as z from 'zod'
import { Id, IdInput } from './id.ts'
import { IdempotencyKey } from './idempotency.ts'
import { Money } from './money.ts'
import { Cursor, Limit, pageOf } from './page.ts'
import { MAX_ON_HAND, OnHand } from './quantity.ts'
import { text } from './text.ts'
import { Time } from './time.ts'
import { LastEventId, MAX_WATCHED } from './watch.ts'
import { Whole } from './whole.ts'

/**
 * The shop's own code of a product, unique, case kept: 1 to 64 characters, no control character anywhere, no space
 * at either end.
 */
export const Sku = text(
  64,
  /^[^\s\u0000-\u001f\u007f-\u009f](?:[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$/,
  'must not begin or end with a space, nor contain control characters',
).meta({ examples: ['MUG-BLUE'] })

const Category = text(128).meta({ examples: ['Kitchen'] })

const described = {
  sku: Sku,
  name: text(512).meta({ examples: ['Blue mug'] }),
  description: text(10_000).optional(),
  category: Category.optional(),
  price: Money,
}

/**
 * A product. `quantity` is the units on hand. `version` rises with each edit of what describes it; `revision` rises
 * with every change, stock included. Times are the backend's.
 */
export const Product = z
  .object({
    id: Id,
    ...described,
    quantity: z.int().min(0),
    version: z.int().min(1).describe('Rises with each edit of what describes the product'),
    revision: z.int().min(1).describe('Rises with every change, stock included: the higher is the newer'),
    createdAt: Time,
    updatedAt: Time,
  })
  .meta({ id: 'Product' })
export type Product = z.infer<typeof Product>

/** A product to create, with the units on hand at the start. */
export const CreateProduct = z.strictObject({ ...described, quantity: OnHand }).meta({ id: 'CreateProduct' })
export type CreateProduct = z.infer<typeof CreateProduct>

/** Which page of the catalogue: oldest first, 1,000 products unless `limit` says fewer. */
export const ListProducts = z.strictObject({
  cursor: Cursor.optional(),
  limit: Limit.optional().describe('How many to answer with, 1,000 unless given'),
})
export type ListProducts = z.infer<typeof ListProducts>

/** A page of the catalogue, oldest first: at most 1,000 products. */
export const ProductPage = pageOf(Product)
export type ProductPage = z.infer<typeof ProductPage>

/** Which product to fetch. */
export const ProductById = z.strictObject({ id: IdInput })
export type ProductById = z.infer<typeof ProductById>

/**
 * Which products to watch: those of `ids` (at most 1,000), those of `category`, or all there are; of a category and of
 * all, the first 1,000, and those that come later while there are fewer.
 */
export const WatchProducts = z
  .strictObject({
    ids: z.array(IdInput).max(MAX_WATCHED).optional().describe('Only these products'),
    category: Category.optional().describe('Only the products of this category'),
    lastEventId: LastEventId.optional(),
  })
  .refine(({ ids, category }) => !ids || category === undefined, {
    path: ['category'],
    message: 'give either ids or a category, not both',
  })
export type WatchProducts = z.infer<typeof WatchProducts>

/** A watched product as it is now; null where there is none of this id, or it is no longer in the watched category. */
export const ProductEvent = z.object({ id: z.string(), product: Product.nullable() }).meta({ id: 'ProductEvent' })
export type ProductEvent = z.infer<typeof ProductEvent>

/** Sets the units on hand to an absolute number; with `expected`, only if they are that number now. */
export const SetQuantity = z.strictObject({
  id: IdInput,
  quantity: OnHand,
  expected: Whole.min(0).optional().describe('Set the quantity only if the units on hand are this number now'),
})
export type SetQuantity = z.infer<typeof SetQuantity>

/** Adds units to the stock, up to 1,000,000,000, or takes them away, down to zero, for a reason the movement will show. */
export const AdjustQuantity = z.strictObject({
  id: IdInput,
  delta: Whole.min(-MAX_ON_HAND)
    .max(MAX_ON_HAND)
    .meta({ description: 'Units to add; a negative number takes them away', examples: [12] }),
  reason: text(200).meta({ description: 'Shown in the movement', examples: ['delivery 4711'] }),
  idempotencyKey: IdempotencyKey.optional(),
})
export type AdjustQuantity = z.infer<typeof AdjustQuantity>

/** The most rows one bulk call takes. */
export const MAX_BULK_ROWS = 1000

/**
 * Creates or updates products by SKU. `quantity` is the stock of a product that is created; products that exist
 * keep theirs unless `setQuantity` is true. A row that leaves out `description` or `category` leaves it as it is.
 */
export const UpsertProducts = z.strictObject({
  rows: z.array(CreateProduct).min(1).max(MAX_BULK_ROWS),
  setQuantity: z.boolean().optional(),
})
export type UpsertProducts = z.infer<typeof UpsertProducts>

/** What became of one row: the product it made, changed or found unchanged. */
export const UpsertResult = z.object({
  sku: Sku,
  id: Id,
  outcome: z.enum(['created', 'updated', 'unchanged']),
})
export type UpsertResult = z.infer<typeof UpsertResult>

/** What became of every row, in the order of the rows. */
export const UpsertResults = z.object({ results: z.array(UpsertResult) })
export type UpsertResults = z.infer<typeof UpsertResults>
