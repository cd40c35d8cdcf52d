import fs from 'node:fs'
import path from 'node:path'
import type { ZodType, z } from 'zod'
import { InvalidInput, Storage, Unauthorized } from '../errors.ts'
import type { Memory } from '../memory.ts'
import type { Operation, RunOptions, Zod } from '../operation.ts'
import type { Grant } from '../tokens/token.ts'
import { describe } from '../util/check.ts'
import { fileError, systemCode } from '../util/file-error.ts'
import { unknownOption } from '../util/options.ts'
import { seenBy } from './answer.ts'
import { whileAwaited } from './awaited.ts'
import { authorize, restrictedCaller } from './grant.ts'
import { withHold } from './hold.ts'
import { checkHolder } from './holders.ts'
import { traced } from './tracing.ts'

export interface CallOptions extends RunOptions {
  /** What the operation runs on, acting as the agent that the grant is for: see {@link actingFor}. */
  memory: Memory
  /** What the caller may do. Default: everything. */
  grant?: Grant | undefined
  /** The folder below which the caller may name files. Default: none are allowed. */
  files?: string | undefined
  /**
   * Leave it to the library to refuse fields that the operation does not know: a whole record may be passed for what
   * its holder has of it. Default: refuse them.
   */
  isLenient?: boolean | undefined
  /** How long the caller holds what it takes unless it says otherwise, in milliseconds. Default: the library's. */
  holdMs?: number | undefined
}

/**
 * Runs an operation for a caller outside of the process: checks the input against its schema, then whether the caller
 * may. Every door that is open to others does it through this.
 * @throws InvalidInput that names the field, Unauthorized `forbidden`, and whatever the operation does
 */
export async function call(
  operation: Operation,
  input: unknown,
  { memory, grant, files, isLenient = false, holdMs, ...options }: CallOptions,
): Promise<unknown> {
  const { z } = await import('zod')
  const schema = schemaOf(z, operation, isLenient)
  const parsed = parse(schema, operation, input)
  for (const name of ofTheProcess) {
    const isGiven = typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, name)
    if (isGiven && !fieldsOf(schema).includes(name))
      throw unknownOption(operation.name, name, fieldsOf(schema))
  }
  if (grant !== undefined) {
    authorize(grant, operation, parsed)
    await checkHolder(grant, operation, { input: parsed, memory })
  }
  const held = withHold(operation, confined(operation, parsed, files), holdMs)
  const { namespaces } = grant ?? {}
  const caller = grant && restrictedCaller(grant)
  const run = () =>
    whileAwaited(operation, { memory, signal: options.signal }, memory =>
      operation.run(memory, held, { ...options, namespaces, caller }),
    )
  return traced(operation, () => seenBy(grant, operation, run))
}

/** What methods take beside their input from their own process, and never from a caller. */
const ofTheProcess = ['signal', 'onProgress']

const schemas = { strict: new WeakMap<Operation, ZodType>(), lenient: new WeakMap<Operation, ZodType>() }

function schemaOf(zod: Zod, operation: Operation, isLenient: boolean): ZodType {
  const known = schemas[isLenient ? 'lenient' : 'strict']
  const found = known.get(operation)
  if (found !== undefined) return found
  const schema = operation.input(zod)
  const fitting = schema instanceof zod.ZodObject && !isLenient ? schema.strict() : schema
  known.set(operation, fitting)
  return fitting
}

/** @throws InvalidInput that names each field at fault */
function parse(schema: ZodType, operation: Operation, input: unknown): unknown {
  const { error, data } = schema.safeParse(input ?? {})
  if (error === undefined) return withTimes(input ?? {}, data)
  const [unknown] = error.issues.flatMap(issue => (isOfField(issue) ? [] : issue.keys))
  if (unknown !== undefined) throw unknownOption(operation.name, unknown, fieldsOf(schema))
  throw new InvalidInput(`${operation.name}: ${error.issues.map(describeIssue).join('; ')}`, {
    details: { issues: error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
  })
}

/**
 * The input itself with the times that the schema has read: of the rest the schema makes copies, which lack what it
 * takes for an attack, such as a field of the user's that is called `__proto__`.
 */
function withTimes(input: unknown, parsed: unknown): unknown {
  if (parsed instanceof Date || parsed === input) return parsed
  if (Array.isArray(input) && Array.isArray(parsed)) return input.map((item, i) => withTimes(item, parsed[i]))
  if (typeof input !== 'object' || input === null) return input
  const fields = new Map(Object.entries(parsed ?? {}))
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name, withTimes(value, fields.get(name))]),
  )
}

/** False for what is said of fields that the input does not have. */
function isOfField(
  issue: z.core.$ZodIssue,
): issue is Exclude<z.core.$ZodIssue, z.core.$ZodIssueUnrecognizedKeys> {
  return issue.code !== 'unrecognized_keys' || issue.path.length > 0
}

function fieldsOf(schema: ZodType): string[] {
  return 'shape' in schema ? Object.keys(schema.shape as object) : []
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

/** Resolves the files that a caller names below the folder that is open to it. */
function confined(operation: Operation, input: unknown, folder: string | undefined): unknown {
  const fields = operation.files
  if (fields.length === 0 || typeof input !== 'object' || input === null) return input
  const named = Object.entries(input).filter(
    ([field, value]) => fields.includes(field) && value !== undefined,
  )
  return {
    ...input,
    ...Object.fromEntries(named.map(([field, value]) => [field, below(folder, String(value))])),
  }
}

function below(folder: string | undefined, name: string): string {
  if (folder === undefined) {
    throw new Unauthorized('the files of this machine are not open to callers', {}, 'forbidden')
  }
  if (name.includes('\0')) throw new InvalidInput(`no file can be called ${describe(name)}`)
  const root = rootOf(folder)
  const file = realPath(path.resolve(root, name))
  if (file.startsWith(root + path.sep)) return file
  throw new Unauthorized(`${describe(name)} is not in the folder that is open to callers`, {}, 'forbidden')
}

function rootOf(folder: string): string {
  try {
    return fs.realpathSync(folder)
  } catch (cause) {
    throw new Storage('the folder that is open to callers is gone', { cause })
  }
}

/** Where a file is or would be: a link below the folder may lead out of it. */
function realPath(file: string): string {
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined) return fs.realpathSync(file)
    return path.join(fs.realpathSync(path.dirname(file)), path.basename(file))
  } catch (error) {
    if (/^(ENOENT|ENOTDIR|ENAMETOOLONG|ELOOP)$/.test(systemCode(error) ?? ''))
      throw new InvalidInput(`there can be no file ${describe(path.basename(file))} there`, { cause: error })
    throw fileError(error, file)
  }
}
