import { orders } from './procedures/orders.ts'
import { products } from './procedures/products.ts'
import { createCallerFactory, router } from './trpc.ts'

/** All procedures of the shop, for an HTTP adapter of your own; their context is `Context`. */
export const appRouter = router({ products, orders })
export type AppRouter = typeof appRouter

/**
 * Calls procedures in the process, with everything but HTTP: `createCaller({ shop }).orders.create({ … })`. Rejects with
 * a TRPCError whose `cause` is the ShopError: `isShopError(error.cause, 'OUT_OF_STOCK')`.
 */
export const createCaller = createCallerFactory(appRouter)
