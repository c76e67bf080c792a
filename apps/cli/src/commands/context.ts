import type { Config } from '../config.ts'
import type { Io } from '../io.ts'

/** What every command is given besides its own options. */
export interface CommandContext {
  readonly config: Config
  readonly io: Io
}

/** What a command ends with: a report to show, as lines or as one JSON document, and whether all went well. */
export interface CommandResult {
  readonly ok: boolean
  readonly report: object
  readonly lines: readonly string[]
}
