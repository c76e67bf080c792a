import * as z from 'zod'
import { Id, IdInput, UserId } from './id.ts'
import { IdempotencyKey } from './idempotency.ts'
import { Money } from './money.ts'
import { Cursor, Limit, pageOf } from './page.ts'
import { LineQuantity } from './quantity.ts'
import { text } from './text.ts'
import { LastEventId } from './watch.ts'

/** The most lines one order holds (the largest real invoice known to us has 1,114). */
export const MAX_ORDER_LINES = 2000

/** Where an order stands: placed, paid, fulfilled; or ended as cancelled or refunded. */
export const OrderStatus = z.enum(['placed', 'paid', 'fulfilled', 'cancelled', 'refunded']).meta({ id: 'OrderStatus' })
export type OrderStatus = z.infer<typeof OrderStatus>

/** One product of an order. SKU, name and unit price are those of the moment the order was placed. */
export const OrderLine = z
  .object({
    productId: Id,
    sku: z.string(),
    name: z.string(),
    unitPrice: Money,
    quantity: z.int().min(1),
    total: Money,
  })
  .meta({ id: 'OrderLine' })
export type OrderLine = z.infer<typeof OrderLine>

/** One step of an order: the status it came to, when, and why if somebody said so. */
export const OrderStep = z
  .object({ status: OrderStatus, at: z.date(), reason: z.string().optional() })
  .meta({ id: 'OrderStep' })
export type OrderStep = z.infer<typeof OrderStep>

/** An order: at most one line a product, all of one currency; `total` is the exact sum of its lines. */
export const Order = z
  .object({
    id: Id,
    userId: UserId,
    lines: z.array(OrderLine),
    total: Money,
    status: OrderStatus,
    history: z.array(OrderStep),
    createdAt: z.date(),
  })
  .meta({ id: 'Order' })
export type Order = z.infer<typeof Order>

const RequestedLine = z.strictObject({ productId: IdInput, quantity: LineQuantity })

/**
 * An order to place: `lines` (1 to 2,000; lines of one product are merged), or the short form with `productId` and
 * `quantity` for a single line. All lines are taken from stock, or none.
 */
export type CreateOrder = { userId: string; idempotencyKey?: string | undefined } & (
  | { lines: z.infer<typeof RequestedLine>[]; productId?: undefined; quantity?: undefined }
  | { productId: string; quantity: number; lines?: undefined }
)

/** See the type CreateOrder. */
export const CreateOrder = z
  .strictObject({
    userId: UserId,
    lines: z
      .array(RequestedLine)
      .min(1)
      .max(MAX_ORDER_LINES)
      .optional()
      .describe('All are taken from stock, or none; those of one product become one'),
    productId: IdInput.optional().describe('Of an order of one line, in place of lines'),
    quantity: LineQuantity.optional().describe('Of an order of one line, in place of lines'),
    idempotencyKey: IdempotencyKey.optional(),
  })
  .superRefine((input, context) => {
    const short = input.productId !== undefined && input.quantity !== undefined
    const part = input.productId !== undefined || input.quantity !== undefined
    if (input.lines && part)
      context.addIssue({
        code: 'custom',
        path: ['lines'],
        message: 'give either lines, or one product and its quantity, not both',
      })
    if (!input.lines && !short) {
      const missing = !part ? 'lines' : input.productId === undefined ? 'productId' : 'quantity'
      context.addIssue({ code: 'custom', path: [missing], message: 'give lines, or one product and its quantity' })
    }
  })
  // What the refinement says, said in JSON Schema: exactly one of the two forms.
  .meta({
    id: 'CreateOrder',
    oneOf: [
      { required: ['lines'], not: { anyOf: [{ required: ['productId'] }, { required: ['quantity'] }] } },
      { required: ['productId', 'quantity'], not: { required: ['lines'] } },
    ],
    // The refinement has seen to it that there is exactly one of the two forms, and cannot tell the compiler.
  }) as z.ZodType<CreateOrder, CreateOrder>

/** Moves an order on, for a reason that its history will show. */
export const MoveOrder = z.strictObject({
  id: IdInput,
  reason: text(500)
    .optional()
    .meta({ description: 'Shown in the history of the order', examples: ['ordered by mistake'] }),
  idempotencyKey: IdempotencyKey.optional(),
})
export type MoveOrder = z.infer<typeof MoveOrder>

/** Refunds an order; its units go back to stock only where `restock` is true. */
export const RefundOrder = z.strictObject({
  ...MoveOrder.shape,
  restock: z.boolean().optional().describe('Whether its units go back to stock; they do not unless it is true'),
})
export type RefundOrder = z.infer<typeof RefundOrder>

/** A time that a caller names. Whoever writes it may do so in any zone, as Python's `isoformat` does. */
const Moment = z.iso.datetime({
  offset: true,
  error: 'must be a time with its zone, such as 2026-01-31T00:00:00Z or 2026-01-31T01:00:00+01:00',
})

/**
 * Which orders to list: those that pass every filter given. `from` (inclusive) and `to` (exclusive) are ISO 8601 with
 * the zone. Oldest first unless `sort` is `newest`; 100 unless `limit` says otherwise, fewer where they have more than
 * 20,000 lines in all. `skip` counts from `cursor`, which is valid only with the filters and the sort it was given for.
 */
export const ListOrders = z.strictObject({
  userId: UserId.optional().describe('Only those of this user'),
  status: OrderStatus.optional().describe('Only orders in this status'),
  productId: IdInput.optional().describe('Only those with a line of this product'),
  from: Moment.optional().describe('Only orders placed at this time or later'),
  to: Moment.optional().describe('Only orders placed before this time'),
  sort: z.enum(['oldest', 'newest']).optional().describe('Which come first; the oldest unless given'),
  skip: z
    .int()
    .min(0)
    .optional()
    .describe('How many to pass over, counted from the cursor if there is one; 0 unless given'),
  limit: Limit.optional().describe(
    'How many to answer with, 100 unless given; fewer where they have more than 20,000 lines in all',
  ),
  cursor: Cursor.optional(),
})
export type ListOrders = z.infer<typeof ListOrders>

/** A page of orders. It may hold fewer than `limit` and still have a `nextCursor`: see ListOrders. */
export const OrderPage = pageOf(Order)
export type OrderPage = z.infer<typeof OrderPage>

/** Which order to fetch. */
export const OrderById = z.strictObject({ id: IdInput })
export type OrderById = z.infer<typeof OrderById>

/** Which order to watch. */
export const WatchOrder = z.strictObject({ id: IdInput, lastEventId: LastEventId.optional() })
export type WatchOrder = z.infer<typeof WatchOrder>
