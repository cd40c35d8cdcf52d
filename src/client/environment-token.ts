import fs from 'node:fs'
import { Unauthorized } from '../errors.ts'
import { expandLocation } from '../location/expand.ts'
import { fileError } from '../util/file-error.ts'

/**
 * The access token that the environment gives: HIVEWAX_TOKEN, else what the file holds that HIVEWAX_TOKEN_FILE names.
 * Beside a HIVEWAX_URL it is for that server; without one, for the server that the caller names.
 * @throws Unauthorized when it is for another server than `url`
 */
export function environmentToken(url: string, env = process.env): string | undefined {
  const { HIVEWAX_TOKEN: token, HIVEWAX_TOKEN_FILE: file, HIVEWAX_URL: owner } = env
  if (!token && !file) return undefined
  const [of, to] = [originOf(owner), originOf(url)]
  if (of === undefined || of === to) return token || readToken(file ?? '')
  throw new Unauthorized(
    `the token of the environment is for ${of}, as HIVEWAX_URL says, and is not sent to ${to}`,
    {
      hint: 'Let HIVEWAX_URL name that server too, or give openMemory a token of its own.',
    },
  )
}

function readToken(name: string): string {
  const file = expandLocation(name, 'HIVEWAX_TOKEN_FILE')
  try {
    return fs.readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw fileError(error, file)
  }
}

/** Of a server; undefined for a file. */
function originOf(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url).origin : undefined
}
