import { orders } from './procedures/orders.ts'
import { products } from './procedures/products.ts'
import { createCallerFactory, router } from './trpc.ts'

export const appRouter = router({ products, orders })
export type AppRouter = typeof appRouter

/** Calls procedures in the process, with everything but HTTP: `createCaller({ shop }).orders.create({ … })`. */
export const createCaller = createCallerFactory(appRouter)
