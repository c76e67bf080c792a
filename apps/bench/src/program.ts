import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { contenders } from './contenders.ts'
import { cost } from './cost.ts'
import type { BenchDatabase } from './database.ts'
import { openDatabase } from './database.ts'
import { environment } from './environment.ts'
import { flashSale } from './flash-sale.ts'
import { live } from './live/live.ts'
import { orders } from './orders/orders.ts'
import { readKinds } from './reads/answers.ts'
import { readContenders } from './reads/contenders.ts'
import { reads } from './reads/reads.ts'
import { replay } from './replay.ts'
import type { Section } from './report/docs.ts'
import { writeDocs } from './report/docs.ts'
import { thisMachine } from './report/machine.ts'
import type { Report } from './report/report.ts'
import { documentLines, json, terminalLines } from './report/report.ts'

interface Output {
  readonly json?: string
  readonly writeDocs?: boolean
}

type Work = (mongo: BenchDatabase, say: (line: string) => void) => Promise<Report>

const orderLog = '../shared/data/online-retail.csv.gz'

/** The commands of `pnpm bench`. */
export function benchProgram(args: readonly string[]): Command {
  const program = new Command('bench').description('Measure Stockroom beside the obvious implementations.')
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--json <file>', 'also write everything that was measured')
      .option('--write-docs', 'write docs/benchmarks.md and its plots')

  timed(command('orders', 'orders a second, and how long one takes'))
    .addOption(someOf('contenders', contenders))
    .option('--products <numbers>', 'products that are ordered; 1 is a hot product', numbers, [20, 1])
    .option('--connections <numbers>', 'connections that order', numbers, [1, 64, 256])
    .option('--processes <numbers>', 'server processes; 1, 2, and 4 for a hot product, unless given', numbers)
    .option('--batches <numbers>', 'orders in a transaction of the database alone; 0 leaves it out', numbers, [64, 256])
    .action(({ batches, ...options }) =>
      run('orders', options, (mongo, say) => orders(mongo, { ...options, batches: batches.filter(Boolean) }, say)),
    )

  timed(command('reads', 'answers a second, alone and while orders are placed'), { seconds: 2, warmUp: 1, rounds: 1 })
    .addOption(someOf('contenders', readContenders))
    .addOption(someOf('reads', readKinds))
    .option('--products <numbers>', 'products in the shop', numbers, [20, 2465, 100_000])
    .option('--connections <number>', 'connections that read', positive, 64)
    .option('--orders <numbers>', 'orders placed a second meanwhile; 0 for none', numbers, [0, 1000])
    .action((options) => run('reads', options, (mongo, say) => reads(mongo, options, say)))

  command('flash-sale', 'many buyers at once for a few units')
    .option('--rounds <number>', 'how often', positive, 3)
    .option('--buyers <numbers>', 'how many', numbers, [100, 1000, 10_000])
    .option('--units <number>', 'how many there are', positive, 20)
    .option('--warm-up-seconds <number>', 'how long the shop has been selling before', positive, 2)
    .action((options) => run('flash-sale', options, (mongo, say) => flashSale(mongo, options, say)))

  timed(command('cost', 'orders a second as orders, catalogue and history grow'))
    .option('--lines <numbers>', 'lines per order', numbers, [1, 10, 100, 1000])
    .option('--products <numbers>', 'products in the shop', numbers, [20, 1000, 100_000])
    .option('--stored <numbers>', 'orders stored before', numbers, [0, 100_000, 1_000_000])
    .action((options) => run('cost', options, (mongo, say) => cost(mongo, options, say)))

  command('live', 'how soon many subscribers have a change of stock, and what they cost')
    .option('--subscribers <number>', 'how many', positive, 1000)
    .option('--products <number>', 'products in the shop, all watched by each', positive, 20)
    .option('--writes-per-second <number>', 'changes of stock', positive, 5)
    .option('--seconds <number>', 'how long each measurement lasts', positive, 10)
    .option('--rounds <number>', 'how often all is measured, in turn', positive, 3)
    .action((options) => run('live', options, (mongo, say) => live(mongo, options, say)))

  command('replay', 'the order log of a real shop, one order at a time and many')
    .argument('[file]', 'a log of the preset online-retail', orderLog)
    .option('--rounds <number>', 'how often', positive, 1)
    .option('--concurrency <numbers>', 'orders on their way at once', numbers, [1, 64])
    .option('--stock <number>', 'units on hand of each product', positive, 1_000_000)
    .action((log: string, options) => {
      const file = resolve(environment.INIT_CWD ?? '.', log)
      if (!existsSync(file)) return program.error(`error: there is no order log at ${log}: name one`)
      return run('replay', options, (mongo, say) => replay(mongo, { ...options, file }, say))
    })

  return program

  async function run(name: Section['name'], output: Output, work: Work): Promise<void> {
    await using mongo = await openDatabase()
    const machine = thisMachine(mongo.version)
    const report = await work(mongo, (line) => void process.stderr.write(`${line}\n`))
    const told = { command: shown(args), machine, report }
    process.stdout.write(`${terminalLines(told).join('\n')}\n`)
    if (output.json) await writeFile(resolve(environment.INIT_CWD ?? '.', output.json), json(told))
    if (output.writeDocs) await writeDocs({ name, lines: documentLines(told), plots: report.plots })
    if (!report.ok) process.exitCode = 1
  }
}

function timed(command: Command, { seconds, warmUp, rounds } = { seconds: 5, warmUp: 2, rounds: 3 }): Command {
  return command
    .option('--seconds <number>', 'how long each measurement lasts', positive, seconds)
    .option('--warm-up-seconds <number>', 'how long it runs before that', positive, warmUp)
    .option('--rounds <number>', 'how often all is measured, in turn', positive, rounds)
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

function numbers(text: string): number[] {
  const values = text.split(',').map(Number)
  if (!values.every((value) => Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give whole numbers, separated by commas.')
  return values
}

interface Named {
  readonly name: string
}

const namesOf = (choices: readonly Named[]): string => choices.map(({ name }) => name).join(', ')

function someOf(name: string, choices: readonly Named[]): Option {
  return new Option(`--${name} <names>`, `of ${namesOf(choices)}`).argParser(named(choices)).default(choices, 'all')
}

function named<Choice extends Named>(choices: readonly Choice[]) {
  return (text: string): Choice[] =>
    text.split(',').map((name) => {
      const choice = choices.find((candidate) => candidate.name === name)
      if (!choice) throw new InvalidArgumentError(`Choose of ${namesOf(choices)}: there is no "${name}".`)
      return choice
    })
}

/** As somebody else would type it: without the files of this machine. */
function shown(args: readonly string[]): string {
  const files = args.filter((arg, index) => arg.includes('/') || arg === '--json' || args[index - 1] === '--json')
  return ['pnpm bench', ...args.filter((arg) => !files.includes(arg) && arg !== '--write-docs')].join(' ')
}
