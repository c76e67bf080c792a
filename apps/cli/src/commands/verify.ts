import { verifyShop } from '@stockroom/server'
import { onDatabase } from '../on-database.ts'
import { verifyLines } from '../report.ts'
import type { CommandContext, CommandResult } from './context.ts'

/** `shop verify`: checks that stock, movements and orders of the whole shop add up. */
export async function verify({ config }: CommandContext): Promise<CommandResult> {
  const books = await onDatabase(config, verifyShop)
  return { ok: books.differences.length === 0, report: books, lines: verifyLines(books) }
}
