import type { VerifyOptions } from '@stockroom/server'
import { correctionsOf, repairShop, verifyShop } from '@stockroom/server'
import { confirm, isAtTerminal } from '../confirm.ts'
import { CliError } from '../errors.ts'
import { writeLines } from '../io.ts'
import { onDatabase } from '../on-database.ts'
import { proposalLines, repairLines } from '../report.ts'
import type { CommandContext, CommandResult } from './context.ts'

export interface RepairOptions {
  readonly yes?: boolean
  readonly json?: boolean
}

/** `shop verify --repair`: shows what differs and what would be written, asks, writes, and checks again. */
export function repair(context: CommandContext, options: RepairOptions): Promise<CommandResult> {
  return onDatabase(context.config, (database) => repairDatabase(context, options, database))
}

async function repairDatabase(
  { io }: CommandContext,
  { yes = false, json = false }: RepairOptions,
  database: VerifyOptions,
): Promise<CommandResult> {
  const found = await verifyShop(database)
  const corrections = correctionsOf(found.differences)
  if (corrections.length > 0) {
    // A report in JSON is one document, and has the output for itself.
    writeLines(json ? io.err : io.out, proposalLines(found, corrections))
    if (!yes && !isAtTerminal(io))
      throw new CliError('Nothing was written: there is no terminal to ask at. Run it again with --yes to write these.')
    if (!yes && !(await confirm(io, 'Write them?')))
      return { ok: false, report: { ...found, corrections: [] }, lines: ['Nothing was written.'] }
  }
  const written = await repairShop({ ...database, corrections })
  const books = await verifyShop(database)
  return {
    ok: books.differences.length === 0,
    report: { ...books, corrections: written },
    lines: repairLines(books, corrections, written),
  }
}
