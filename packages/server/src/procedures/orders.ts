import { CreateOrder, ListOrders, Order, OrderById, OrderPage } from '@stockroom/contracts'
import { procedure, router } from '../trpc.ts'

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
        errors: ['PRODUCT_NOT_FOUND', 'OUT_OF_STOCK', 'CURRENCY_MISMATCH', 'AMOUNT_OUT_OF_RANGE'],
      },
    })
    .input(CreateOrder)
    .output(Order)
    .mutation(({ ctx, input }) => ctx.shop.orders.create(input)),

  list: procedure
    .meta({
      rest: {
        method: 'GET',
        path: '/orders',
        summary: 'List orders, oldest first',
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
})
