import type { AppRouter } from '@stockroom/server'
import { createTRPCContext } from '@trpc/tanstack-react-query'

/** What the hooks and tools of `@trpc/tanstack-react-query` take as the router's type. */
export type { AppRouter } from '@stockroom/server'

type Context = ReturnType<typeof createTRPCContext<AppRouter>>
const context: Context = createTRPCContext()

/** Gives the components inside it a shop client and a query client: `<ShopProvider trpcClient={…} queryClient={…}>`. */
export const ShopProvider: Context['TRPCProvider'] = context.TRPCProvider

/** The shop for TanStack Query: `useQuery(useShop().products.list.queryOptions())`. */
export const useShop: Context['useTRPC'] = context.useTRPC

/** The shop client itself, for calls outside of TanStack Query. */
export const useShopClient: Context['useTRPCClient'] = context.useTRPCClient
