import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import readline from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Memory } from '../src/memory.ts'
import { openMemory } from '../src/open.ts'
import { benchFolder, type Comparison, parameter, type Size, summary } from './harness.ts'

/** How soon a subscriber hears of an event, and what waiting costs it. */
export async function run(size: Size): Promise<Comparison[]> {
  const file = `${benchFolder()}/memory.db`
  const memory = await openMemory(file, { background: false, durability: 'normal' })
  const calls = parameter(size, 5, 1000)
  const { acknowledged, heard } = await withinProcess(memory, calls)
  const latencies = [
    { name: 'until log() resolves', timesMs: acknowledged },
    { name: 'until a subscriber of the same process has it', timesMs: heard },
    {
      name: 'until one of another process has it, an event every 0 to 20 ms',
      timesMs: await acrossProcesses(memory, file, calls, [0, 20]),
    },
    {
      name: 'the same, an event every 0.9 to 1.1 s',
      timesMs: await acrossProcesses(memory, file, parameter(size, 1, 30), [900, 1100]),
    },
  ]
  const waiting = await cpuOfWaiting(memory, file, size)
  await memory.close()
  return [
    summary('from the call of log(), durability normal', latencies),
    summary('CPU time of a process that subscribes, in a second (10,000 µs are 1 % of a core)', waiting),
  ]
}

async function withinProcess(memory: Memory, calls: number) {
  const acknowledged: number[] = []
  const hearing = latencies(memory, calls)
  for (let i = 0; i < calls; i++) {
    await sleep(Math.random() * 5)
    const start = process.hrtime.bigint()
    await memory.events.log({ type: 'tick', data: String(start) })
    acknowledged.push(msSince(start))
  }
  return { acknowledged, heard: await hearing }
}

async function acrossProcesses(memory: Memory, file: string, calls: number, gapsMs: [number, number]) {
  const hearing = latencies(memory, calls)
  const writer = start('log', file, calls, ...gapsMs)
  // It may be gone before its last event is heard of.
  const exited = once(writer, 'exit')
  writer.stdin.write('go\n')
  const heard = await hearing
  await exited
  return heard
}

/** How long after its time each of the next events arrives, in milliseconds. */
async function latencies(memory: Memory, count: number): Promise<number[]> {
  const heard: number[] = []
  for await (const event of memory.events.subscribe()) {
    heard.push(msSince(BigInt(String(event.data))))
    if (heard.length === count) break
  }
  return heard
}

/** Each second's CPU time, with commits, soon after the last one, and long after it. */
async function cpuOfWaiting(memory: Memory, file: string, size: Size) {
  const seconds = { busy: parameter(size, 1, 5), quiet: parameter(size, 1, 30), idle: parameter(size, 0, 15) }
  const child = start('wait', file, seconds.busy + seconds.quiet + seconds.idle)
  const timesMs: number[] = []
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line === 'ready') void commitFor(memory, seconds.busy)
    else timesMs.push(Number(line) / 1000)
  }
  const from = seconds.busy + seconds.quiet
  return [
    { name: 'an event every 100 ms', timesMs: timesMs.slice(0, seconds.busy) },
    {
      name: `the ${seconds.quiet} seconds after the last commit`,
      timesMs: timesMs.slice(seconds.busy, from),
    },
    ...(seconds.idle > 0 ? [{ name: 'later', timesMs: timesMs.slice(from) }] : []),
  ]
}

async function commitFor(memory: Memory, seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 10; i++) {
    await memory.events.log({ type: 'tick' })
    await sleep(100)
  }
}

function msSince(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e6
}

function start(name: string, ...args: (string | number)[]): ChildProcessByStdio<Writable, Readable, null> {
  const file = path.join(import.meta.dirname, 'children', `${name}.ts`)
  return spawn(process.execPath, [file, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
}
