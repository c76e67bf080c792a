import type { Order as OrderType } from '@stockroom/contracts'
import { Id, Order, Product, ProductEvent } from '@stockroom/contracts'
import { z } from 'zod'
import type { RestRoute } from '../rest-route.ts'
import { ShopError } from '../domain/errors.ts'

/** An order over REST: one of a single line also says product, quantity and time as the original API did. */
const RestOrder = z
  .object({
    ...Order.shape,
    productId: Id.optional().meta({ description: 'Of an order of one line' }),
    quantity: z.int().optional().meta({ description: 'Of an order of one line' }),
    timestamp: z.date().optional().meta({ description: 'Of an order of one line: the same as created_at' }),
  })
  .meta({ id: 'RestOrder' })

/** What the REST door makes of each resource, and the schema of that. */
export const resources = {
  product: { schema: Product, present: (product: unknown) => product, event: ProductEvent },
  order: { schema: RestOrder, present: (order: unknown) => presentOrder(order as OrderType), event: RestOrder },
}

function presentOrder(order: OrderType): z.infer<typeof RestOrder> {
  const [line, another] = order.lines
  if (!line || another) return order
  return { ...order, productId: line.productId, quantity: line.quantity, timestamp: order.createdAt }
}

/** What a route answers with: the schema, and the procedure's output in that form. */
export interface AnswerForm {
  readonly schema: z.ZodType
  readonly present: (output: unknown, isFirstPage: boolean) => unknown
}

export function answerOf({ answer, resource, message = '', emptyAs }: RestRoute): AnswerForm {
  const { schema, present, event } = resources[resource]
  switch (answer) {
    case 'one':
      return {
        schema: z.object({ message: z.string(), [resource]: schema }),
        present: (output) => ({ message, [resource]: present(output) }),
      }
    case 'written':
      return {
        schema: z.object({ message: z.string(), [`${resource}Id`]: Id, [resource]: schema }),
        present: (output) => ({
          message,
          [`${resource}Id`]: (output as { id: string }).id,
          [resource]: present(output),
        }),
      }
    case 'page':
      return {
        schema: z.object({ message: z.string(), [`${resource}s`]: z.array(schema), nextCursor: z.string().nullable() }),
        present(output, isFirstPage) {
          const { items, nextCursor } = output as { items: unknown[]; nextCursor: string | null }
          if (emptyAs && isFirstPage && items.length === 0) throw new ShopError(emptyAs, {})
          return { message: `${items.length} ${resource}s found`, [`${resource}s`]: items.map(present), nextCursor }
        },
      }
    case 'events':
      return { schema: event, present }
  }
}
