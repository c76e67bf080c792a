/**
 * `lost`: acknowledged, and not there. `doubled`: asked for once, there more than once. `ghost`: there, though it was
 * refused or never asked for. `oversold`: more units in live orders than ever came in, or fewer than none on hand.
 * `unsold`: refused for want of stock that was there. `conservation`: movements less live orders are not what is on
 * hand. `illegal`: a status, history or return of stock that the life of an order does not allow. `money`: a price or
 * total that is not exact. `answer`: the shop told a client something else than what it keeps. `unresolved`: still
 * unknown after a repeat in calm. `broken`: an answer that the contract does not know. `slow`: no order acknowledged for
 * too long. `exit`: a server that did not end well.
 */
export type ViolationKind =
  | 'lost'
  | 'doubled'
  | 'ghost'
  | 'oversold'
  | 'unsold'
  | 'conservation'
  | 'illegal'
  | 'money'
  | 'answer'
  | 'unresolved'
  | 'broken'
  | 'slow'
  | 'exit'

export interface Violation {
  readonly kind: ViolationKind
  readonly text: string
  /** The operation whose lines of the history tell more. */
  readonly operation?: number
}
