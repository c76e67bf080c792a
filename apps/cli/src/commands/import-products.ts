import type { Currency } from '@stockroom/contracts'
import { countOutcomes, inBulks } from '../bulks.ts'
import { connect } from '../connect.ts'
import { CliError, explainCall } from '../errors.ts'
import { openInput } from '../input-file.ts'
import type { FieldMap, ProductField } from '../product-row.ts'
import { toProductRow } from '../product-row.ts'
import { startProgress } from '../progress.ts'
import { readRows } from '../read-rows.ts'
import { Refusals } from '../refusals.ts'
import { importLines } from '../report.ts'
import type { CommandContext, CommandResult } from './context.ts'

export interface ImportOptions {
  readonly url: string
  readonly map?: FieldMap
  readonly currency?: Currency
  readonly quantity?: number
  readonly setQuantity?: boolean
}

/** `shop import products FILE`: creates and updates products by SKU, row by row, and says what became of each. */
export async function importProducts(
  { config, io }: CommandContext,
  file: string,
  { url, map = {}, currency, quantity, setQuantity }: ImportOptions,
): Promise<CommandResult> {
  const input = await openInput(file, config.filesFrom)
  const client = await connect(url)
  const refusals = new Refusals()
  const seen = new Set<string>()
  let rows = 0

  async function* products() {
    using progress = startProgress(io, { label: `Importing ${input.name}`, total: input.size })
    const needed: ProductField[] = ['sku', 'name', 'price']
    if (currency === undefined) needed.push('currency')
    if (quantity === undefined) needed.push('quantity')
    const required = new Set([...needed.map((field) => map[field] ?? field), ...Object.values(map)])
    for await (const row of readRows(input, { required: [...required], hint })) {
      rows++
      const result = row.fields ? toProductRow(row.fields, { map, currency, quantity }) : { refused: row.problem ?? '' }
      if ('refused' in result) refusals.add(result.refused, row.number)
      // Were a later row to change what an earlier one says, a second run would change it back and forth again.
      else if (seen.has(result.product.sku)) refusals.add('sku: stands in an earlier row', row.number)
      else {
        seen.add(result.product.sku)
        yield result.product
      }
      progress.update(input.position())
    }
  }

  const counts = countOutcomes([])
  try {
    for await (const bulk of inBulks(products())) {
      const { results } = await client.products.upsertMany.mutate({ rows: bulk, setQuantity })
      const { created, updated, unchanged } = countOutcomes(results)
      counts.created += created
      counts.updated += updated
      counts.unchanged += unchanged
    }
  } catch (thrown) {
    const error = explainCall(thrown, url)
    const { created, updated } = counts
    if (!(error instanceof CliError) || created + updated === 0) throw error
    const done = `Before that, ${created} products were created and ${updated} updated; run it again when that is mended.`
    throw new CliError(`${error.message} ${done}`, { cause: thrown })
  }
  const report = { file: input.name, rows, ...counts, refused: refusals.list() }
  return { ok: report.refused.length === 0, report, lines: importLines(report) }
}

const hint =
  'Say which column is which with --map, as in --map name=Description,price=UnitPrice; --currency and --quantity stand in for columns that are not there.'
