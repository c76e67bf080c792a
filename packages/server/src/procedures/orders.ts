import {
  CreateOrder,
  ListOrders,
  MoveOrder,
  Order,
  OrderById,
  OrderPage,
  RefundOrder,
  WatchOrder,
} from '@stockroom/contracts'
import type { RestRoute } from '../rest-route.ts'
import { procedure, router } from '../trpc.ts'
import { ended, withIds } from './live.ts'

/** The steps of an order's life all have one form: `POST /orders/{order_id}/cancel`. */
function move(step: string, texts: { message: string; summary: string }): RestRoute {
  return {
    method: 'POST',
    path: `/orders/{order_id}/${step}`,
    params: { order_id: 'id' },
    answer: 'written',
    resource: 'order',
    errors: ['ORDER_NOT_FOUND', 'INVALID_TRANSITION', 'IDEMPOTENCY_KEY_REUSED'],
    ...texts,
  }
}

export const orders = router({
  create: procedure
    .meta({
      rest: {
        method: 'POST',
        path: '/orders',
        status: 201,
        summary: 'Place an order: every line is taken from stock, or none',
        answer: 'written',
        resource: 'order',
        message: 'Order created',
        errors: [
          'PRODUCT_NOT_FOUND',
          'OUT_OF_STOCK',
          'CURRENCY_MISMATCH',
          'AMOUNT_OUT_OF_RANGE',
          'IDEMPOTENCY_KEY_REUSED',
        ],
      },
    })
    .input(CreateOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.create(input, ctx.call)),

  cancel: procedure
    .meta({
      rest: move('cancel', {
        message: 'Order cancelled',
        summary: 'Cancel an order: every unit goes back to stock, once',
      }),
    })
    .input(MoveOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.cancel(input, ctx.call)),

  pay: procedure
    .meta({ rest: move('pay', { message: 'Order paid', summary: 'Mark an order as paid' }) })
    .input(MoveOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.pay(input, ctx.call)),

  fulfil: procedure
    .meta({ rest: move('fulfil', { message: 'Order fulfilled', summary: 'Mark an order as fulfilled' }) })
    .input(MoveOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.fulfil(input, ctx.call)),

  refund: procedure
    .meta({
      rest: move('refund', {
        message: 'Order refunded',
        summary: 'Refund an order; its units go back to stock if restock is true',
      }),
    })
    .input(RefundOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.refund(input, ctx.call)),

  list: procedure
    .meta({
      rest: {
        method: 'GET',
        path: '/orders',
        summary: 'List orders by user, status, product or time; oldest first unless sort says newest',
        answer: 'page',
        resource: 'order',
        errors: ['INVALID_CURSOR'],
      },
    })
    .input(ListOrders.optional())
    .output(OrderPage)
    .query(({ ctx, input }) => ctx.shop.orders.list(input ?? {})),

  byId: procedure
    .meta({
      rest: {
        method: 'GET',
        path: '/orders/{order_id}',
        params: { order_id: 'id' },
        summary: 'Fetch an order',
        answer: 'one',
        resource: 'order',
        message: 'Order found',
        errors: ['ORDER_NOT_FOUND'],
      },
    })
    .input(OrderById)
    .output(Order)
    .query(({ ctx, input }) => ctx.shop.orders.byId(input)),

  watch: procedure
    .meta({
      rest: {
        method: 'GET',
        path: '/orders/{order_id}/events',
        params: { order_id: 'id' },
        summary: 'Watch an order: as it is, then after each of its steps',
        answer: 'events',
        resource: 'order',
        errors: ['ORDER_NOT_FOUND'],
      },
    })
    .input(WatchOrder)
    .subscription(async ({ ctx, input, signal }) => {
      const orders = await ctx.shop.orders.watch(input, ended(ctx, signal))
      return withIds(orders, ({ history }) => String(history.length))
    }),
})
