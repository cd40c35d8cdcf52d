import { ownEventDomains } from '../db/own-event-types.ts'
import { InvalidInput } from '../errors.ts'
import { checkName } from '../util/check.ts'

const reserved = new RegExp(`^(${ownEventDomains.join('|')})\\.`)

/**
 * The type of an event that somebody logs. Those of the store are its own: who reads `token.revoked` can rely on it.
 * @throws InvalidInput for one of them
 */
export function checkEventType(type: unknown): string {
  const name = checkName('type', type)
  if (!reserved.test(name)) return name
  throw new InvalidInput(`the type ${JSON.stringify(name)} is for events of the store itself`, {
    hint: `Choose one that does not begin with ${ownEventDomains.map(domain => `${domain}.`).join(', ')}.`,
  })
}
