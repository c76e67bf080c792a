import type { Call, Shop } from './shop.ts'

/** What every procedure is given. Nothing of HTTP or MongoDB: the client's types follow these imports. */
export interface Context {
  readonly shop: Shop
  /** What is known of this call beside its input; the doors make one for each. */
  readonly call?: Call
  /** Aborts when the process is about to stop: watches end, and their readers go on elsewhere. */
  readonly draining?: AbortSignal
}
