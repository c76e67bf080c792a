import { Currency, MAX_ON_HAND } from '@stockroom/contracts'
import { Command, InvalidArgumentError, Option } from 'commander'
import { importProducts } from './commands/import-products.ts'
import { replay } from './commands/replay.ts'
import type { CommandContext, CommandResult } from './commands/context.ts'
import { fieldMap, wholeNumber } from './option-values.ts'

export type Run = (command: Promise<CommandResult>, options: { json?: boolean; url?: string }) => Promise<void>

const footer = `
Exit codes: 0 all went well, 1 something failed or differs, 2 the command was not understood.
Environment: STOCKROOM_URL (http://localhost:8000), MONGODB_URI, MONGODB_DATABASE (stockroom), STOCKROOM_DATA (.stockroom).`

const json = () => new Option('--json', 'print the report as one JSON document')

/** The commands of `pnpm shop`. Each hands its result to `run`. */
export function shopProgram(context: CommandContext, run: Run): Command {
  const program = new Command('shop').description('Feed a Stockroom shop, and check its books.')
  const { config } = context
  const url = () => new Option('--url <url>', 'the shop to talk to').default(config.url)

  program
    .command('import')
    .description('bring data into the shop')
    .command('products')
    .description('create and update products by SKU')
    .argument('<file>', 'CSV with a header (.csv), or one JSON object a line (.jsonl, .ndjson, .json); also with .gz')
    .option('--map <field=column,…>', 'where a field stands, if not in a column of its own name', fieldMap)
    .addOption(
      new Option('--currency <code>', 'the currency of rows that name none').argParser((code: string) => {
        if (!Currency.safeParse(code).success) throw new InvalidArgumentError('Give a code of ISO 4217, such as EUR.')
        return code
      }),
    )
    .option('--quantity <number>', 'units on hand of rows that name none', wholeNumber(0, MAX_ON_HAND))
    .option('--set-quantity', 'also set the stock of products that exist; otherwise only new ones get theirs')
    .addOption(url())
    .addOption(json())
    .addHelpText(
      'after',
      `
Fields: sku, name, price, currency, quantity, and optionally description, category.
A price is a decimal number (12.50), rounded half up to the currency's smallest unit; in JSON it may also be
{"amount": 1250, "currency": "EUR"}, in smallest units. Rows are counted from 1, the header included.
A row whose SKU stands in an earlier row is refused. Ends with 1 if any row was refused.`,
    )
    .action((file: string, options) => run(importProducts(context, file, options), options))

  program
    .command('replay')
    .description("make the products of a real shop's order log, and place its orders again")
    .argument('<file>', 'the log: CSV, also with .gz')
    .addOption(new Option('--preset <name>', 'what kind of log it is').choices(['online-retail']).makeOptionMandatory())
    .option('--stock <number>', 'units on hand of each product that is created', wholeNumber(0, MAX_ON_HAND), 1000)
    .option('--concurrency <number>', 'orders on their way at once; 1 is deterministic', wholeNumber(1, 1024), 16)
    .addOption(url())
    .addOption(json())
    .addHelpText('after', '\nOrders refused for want of stock are an outcome (0); any other refusal is a failure (1).')
    .action((file: string, options) => run(replay(context, file, options), options))

  const verify = program
    .command('verify')
    .description('check that stock, its recorded changes and the orders add up, and list what does not')
    .option('--repair', 'write the movements that bring the books to the units on hand, after showing them and asking')
    .option('--yes', 'with --repair: write without asking')
    .addOption(json())
    .addHelpText(
      'after',
      `
Reads the database of MONGODB_URI, or the one that \`pnpm start\` keeps in this folder; the shop may go on selling.
A repair changes no stock. It leaves alone what only a person can put right: a quantity that cannot stand, what names
no product, and orders. Ends with 0 where the books are in order (with --repair: in the end), and with 1 where
something differs or was not to be written; without a terminal and without --yes, nothing is written.`,
    )
    .action(async (options) => {
      if (options.yes && !options.repair) verify.error("error: option '--yes' goes with '--repair'")
      // The driver of MongoDB is 40 MB that the other commands do without.
      if (options.repair) {
        const { repair } = await import('./commands/repair.ts')
        return run(repair(context, options), options)
      }
      const { verify: check } = await import('./commands/verify.ts')
      return run(check(context), options)
    })

  return program.addHelpText('after', footer)
}
