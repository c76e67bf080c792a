import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { Verdict } from './check/check.ts'
import { startCluster } from './cluster.ts'
import { tortureCopy } from './plant.ts'
import { plantedBugs } from './planted-bugs.ts'
import { longProfile, shortProfile } from './profiles.ts'
import type { Profile } from './profiles.ts'
import { report } from './report.ts'
import { checkFolder, torture } from './run.ts'

interface Options {
  readonly seed: number
  readonly minutes: number
  readonly short?: boolean
  readonly out?: string
  readonly json?: boolean
}

const program = new Command('torture')
  .description('Break everything around a shop while it sells, then check that nothing was lost, doubled or oversold.')
  .option('--seed <number>', 'decides workload and faults; a new one unless given', number, randomInt(1, 1_000_000))
  .option('--minutes <number>', 'how long to go on', number, 10)
  .option('--short', 'the run that is part of the tests, of less than a minute')
  .option('--out <folder>', 'where the history and the final books go; .stockroom/torture/seed-<number> unless given')
  .option('--json', 'print the verdict as one JSON document')
  .addHelpText(
    'after',
    '\nExit codes: 0 no violation, 1 a violation, 2 the command was not understood, 3 it could not be run.',
  )
  .action(async ({ seed, minutes, short, out, json }: Options) => {
    await run({ seed, profile: short ? shortProfile : longProfile(minutes), folder: folderOf(seed, out), json })
  })

program
  .command('check')
  .description('check what an earlier run wrote, once more')
  .argument('<folder>', 'where its history and its books are')
  .action(async (folder: string) => show(await checkFolder(fromHere(folder)), program.opts<Options>()))

program
  .command('planted')
  .description('run the mistakes that the checker must find, each in a patched copy of the server')
  .argument('[name]', 'one of them')
  .action(async (name?: string) => plant(program.opts<Options>(), name))

await program.exitOverride().parseAsync().catch(failed)

async function run({ json = false, ...options }: { seed: number; profile: Profile; folder: string; json?: boolean }) {
  const began = Date.now()
  const tell = (text: string) =>
    process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
  tell(`seed ${options.seed}, history in ${options.folder}`)
  await using cluster = await startCluster()
  tell('three members, three servers')
  show(await torture({ cluster, ...options, onFault: tell }), { json })
}

async function plant({ seed, json = false }: Options, name?: string): Promise<void> {
  const names = plantedBugs.map((bug) => bug.name)
  if (name !== undefined && !names.includes(name)) {
    process.stderr.write(`There is no planted bug "${name}". There are: ${names.join(', ')}\n`)
    process.exitCode = 2
    return
  }
  await using cluster = await startCluster()
  for (const { name: bug, patches, profile, expected } of plantedBugs) {
    if (name !== undefined && name !== bug) continue
    const verdict = await tortureCopy({ cluster, seed, profile, patches })
    const found = new Set(verdict.violations.map(({ kind }) => kind))
    const missed = expected.filter((kind) => !found.has(kind))
    if (missed.length > 0) process.exitCode = 1
    const said = json ? JSON.stringify({ bug, ...verdict }) : `${bug}: ${[...found].join(', ') || 'nothing'}`
    process.stdout.write(`${said}${missed.length > 0 ? ` (missed: ${missed.join(', ')})` : ''}\n`)
  }
}

function show(verdict: Verdict, { json }: { json?: boolean }): void {
  process.stdout.write(`${json ? JSON.stringify(verdict, null, 2) : report(verdict).join('\n')}\n`)
  process.exitCode = verdict.violations.length === 0 ? 0 : 1
}

function folderOf(seed: number, out = `.stockroom/torture/seed-${seed}`): string {
  return fromHere(out)
}

function fromHere(folder: string): string {
  return resolve(process.cwd(), folder)
}

function number(text: string): number {
  const value = Number(text)
  if (text === '' || !(value > 0)) throw new InvalidArgumentError('Give a number above zero.')
  return value
}

function failed(error: unknown): void {
  if (!(error instanceof Error && error.name === 'CommanderError')) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 3
    return
  }
  process.exitCode = (error as { exitCode?: number }).exitCode === 0 ? 0 : 2
}
