import type { ViolationKind } from './check/violation.ts'
import { contended, lossy, partitioned, regretful, sellingOut } from './planted-profiles.ts'
import type { Profile } from './profiles.ts'

/** One change of the sources: `from` must stand there once, so that a patch fails loudly when they move. */
export interface Patch {
  /** Inside packages/server/src. */
  readonly file: string
  readonly from: RegExp
  readonly to: string
}

/** A mistake that a shop could make, the run that must meet it, and what the checker must say of it. */
export interface PlantedBug {
  readonly name: string
  readonly patches: readonly Patch[]
  readonly profile: Profile
  readonly expected: readonly ViolationKind[]
}

const writes = 'domain/write-settlement.ts'

/** Decides by what it read before the transaction began, as the obvious implementation does. */
const readOutside: Patch = {
  file: 'domain/read-snapshot.ts',
  from: /(products\.find\(byId), \{ session \}\)/,
  to: '$1)',
}
const noGuard: Patch = {
  file: writes,
  from: /\.\.\.\(guard === 'revision' && \{ expectedRevision: after\.revision \}\),/,
  to: '',
}
const anyMember = { from: /w: 'majority', wtimeoutMS: \d+/, to: 'w: 1' }

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'check then act',
    patches: [
      readOutside,
      noGuard,
      { file: writes, from: /quantity: units, /, to: '' },
      { file: writes, from: /\$set: \{\s*updatedAt,/, to: '$& quantity: after.quantity,' },
    ],
    profile: contended,
    expected: ['conservation'],
  },
  {
    // Within the transaction its snapshot would guard too, and behind it all the validator.
    name: 'no guard',
    patches: [
      noGuard,
      { file: writes, from: /(write\(products, \{ updates \}), \{ session \}\)/, to: '$1, {})' },
      { file: 'collections/products.ts', from: /(quantity: \{ bsonType: \[[^\]]+\]), minimum: 0/, to: '$1' },
    ],
    profile: sellingOut,
    expected: ['oversold'],
  },
  {
    name: 'the last unit is kept',
    patches: [
      { file: 'domain/settle-orders.ts', from: /product\.quantity < quantity/, to: 'product.quantity <= quantity' },
    ],
    profile: sellingOut,
    expected: ['unsold'],
  },
  {
    name: 'no key',
    patches: [{ file: 'domain/idempotency.ts', from: /if \(text === undefined\) (?=return undefined)/, to: '' }],
    profile: lossy,
    expected: ['doubled'],
  },
  {
    name: 'double cancel',
    patches: [
      { file: 'domain/settle-orders.ts', from: /order\.status === 'cancelled' && to === 'cancelled'/, to: 'false' },
      { file: 'domain/order-status.ts', from: /return (?=transitions\[from\])/, to: "return to === 'cancelled' || " },
    ],
    profile: regretful,
    expected: ['conservation', 'illegal'],
  },
  {
    name: 'movement outside the transaction',
    patches: [
      { file: writes, from: /(write\(movements, \{[^}]+\}), \{ session \}\)/, to: '$1, {})' },
      // With the stock first, most conflicts come before any movement is written, and the bug does no harm.
      { file: 'domain/commit.ts', from: /isContended\(\) \? await writeStockFirst\(settlement\) : /, to: '' },
    ],
    profile: contended,
    expected: ['conservation'],
  },
  {
    name: 'w: 1',
    patches: [
      { file: 'collections/transaction.ts', ...anyMember },
      { file: 'open-shop.ts', ...anyMember },
    ],
    profile: partitioned,
    expected: ['lost'],
  },
]
