import type { Progress } from '../collections/transaction.ts'
import type { Command, ResultOf } from './commands.ts'
import { ShopError } from './errors.ts'

/** How long a caller waits before it is told that the shop is busy, or that the outcome is not known. */
const DEADLINE_MS = 5000
/** How much longer an attempt may take in which no commit has gone out yet: its end decides between the two. */
const GRACE_MS = 1000

export interface CallerOptions<C extends Command> {
  /** When it began to wait (`performance.now()`); now, unless given. */
  readonly since?: number | undefined
  /**
   * Told the result when it is decided and not yet committed, to make ready what will be said of it and say it to
   * nobody: it may come to nothing, or to another one. The result of the call is the very same object otherwise. Must
   * not throw.
   */
  readonly onDecided?: ((result: ResultOf<C>) => void) | undefined
}

export interface Caller extends CallerOptions<Command> {
  readonly resolve: (result: ResultOf<Command>) => void
  readonly reject: (error: unknown) => void
}

/**
 * A command at the desk, and its caller. It is answered once: with its outcome, or at the deadline. BUSY promises that
 * there was no effect, so it is given only while no commit with the command in it can have gone out.
 */
export class Entry {
  readonly command: Command
  readonly #caller: Caller
  #timer: NodeJS.Timeout
  /** Of the batch that the command is in; undefined while it waits. */
  #progress: Progress | undefined
  #late = false
  #answered = false

  constructor(command: Command, caller: Caller) {
    this.command = command
    this.#caller = caller
    const waited = caller.since === undefined ? 0 : performance.now() - caller.since
    this.#timer = setTimeout(() => this.#expire(), DEADLINE_MS - waited)
  }

  send(progress: Progress): void {
    this.#progress = progress
  }

  /** Whether the next attempt is to include it; one that is late and had no effect yet is refused here. */
  isWanted(): boolean {
    if (this.#late && !this.#progress?.commitSent) this.answer(new ShopError('BUSY', {}))
    return !this.#answered
  }

  /** What it will be answered, if the batch is committed so. */
  decided(outcome: ResultOf<Command> | Error): void {
    if (!this.#answered && !(outcome instanceof Error)) this.#caller.onDecided?.(outcome)
  }

  answer(outcome: ResultOf<Command> | Error): void {
    if (this.#answered) return
    this.#answered = true
    clearTimeout(this.#timer)
    if (outcome instanceof Error) this.#caller.reject(outcome)
    else this.#caller.resolve(outcome)
  }

  #expire(): void {
    if (!this.#progress) return this.answer(new ShopError('BUSY', {}))
    if (this.#late || this.#progress.commitSent) return this.answer(new ShopError('OUTCOME_UNKNOWN', {}))
    this.#late = true
    this.#timer = setTimeout(() => this.#expire(), GRACE_MS)
  }
}
