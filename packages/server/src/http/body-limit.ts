/** The most that a body may have, in bytes. */
export const MAX_BODY = 1024 * 1024
/** A thousand rows with long descriptions; this one call cannot be batched with others. */
export const MAX_BULK_BODY = 8 * MAX_BODY
export const BULK_PATH = '/trpc/products.upsertMany'

export const bodyLimit = (path: string): number => (path === BULK_PATH ? MAX_BULK_BODY : MAX_BODY)
