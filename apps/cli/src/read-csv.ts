import { parse } from 'csv-parse'
import type { InputFile } from './input-file.ts'
import type { Row } from './read-rows.ts'

/** A quote that nothing closes must not read the rest of a large file into one field. */
const MAX_RECORD_BYTES = 1024 * 1024

/** Rows of CSV with a header, as RFC 4180 says; column names are trimmed, empty rows are passed over. */
export async function* readCsv(input: InputFile, onHeader: (columns: readonly string[]) => void): AsyncGenerator<Row> {
  const records: AsyncIterable<string[]> = input.into(
    parse({ bom: true, relax_column_count: true, relax_quotes: true, max_record_size: MAX_RECORD_BYTES }),
  )
  let columns: string[] | undefined
  let number = 0
  for await (const record of records) {
    number++
    if (!columns) {
      columns = record.map((column) => column.trim())
      onHeader(columns)
    } else if (record.length === columns.length) {
      yield { number, fields: Object.fromEntries(columns.map((column, index) => [column, record[index]])) }
    } else if (record.length > 1 || record[0] !== '') {
      yield { number, problem: 'not as many fields as the header has' }
    }
  }
  if (!columns) onHeader([])
}
