import type { View } from '../view.ts'
import type { Found } from './find.ts'

export const foundView: View<Found> = {
  columns: [['name', nameOf], 'in', ['of', ownerOf], 'score', 'snippet', 'updatedAt'],
  rest: 'snippet',
  fields: [
    'in',
    'namespace',
    'agentId',
    'key',
    'id',
    'type',
    'source',
    'status',
    'score',
    'snippet',
    'value',
    'updatedAt',
    'author',
  ],
}

function nameOf(found: Found): string | number {
  return 'key' in found ? found.key : found.id
}

/** What it belongs to: the namespace or the agent, the type of an event or a pattern, the status of a task. */
function ownerOf(found: Found): string {
  switch (found.in) {
    case 'memory':
      return found.namespace
    case 'agent_memory':
      return found.agentId
    case 'tasks':
      return found.status
    case 'events':
    case 'patterns':
      return found.type
  }
}
