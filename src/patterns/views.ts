import { changeOf } from '../db/history/version.ts'
import type { View } from '../view.ts'
import type { PatternVersion } from './past.ts'
import type { Pattern } from './patterns.ts'

export const patternView: View<Pattern> = {
  columns: ['id', 'type', 'confidence', 'patternData', ['outcomes', outcomes], 'lastUsed'],
  rest: 'patternData',
  fields: [
    'id',
    'type',
    'patternData',
    'confidence',
    'usageCount',
    'successes',
    'failures',
    'metadata',
    'createdAt',
    'updatedAt',
    'lastUsed',
    'revision',
    'author',
  ],
}

/** How it went when it was used: `7 good, 1 bad`; absent before it was. */
function outcomes({ successes, failures }: Pattern): string | undefined {
  return successes + failures === 0 ? undefined : `${successes} good, ${failures} bad`
}

export const patternVersionView: View<PatternVersion> = {
  columns: ['revision', ['change', changeOf], 'patternData', 'updatedAt', 'author', 'redacted'],
  rest: 'patternData',
  fields: [
    'id',
    'type',
    'patternData',
    'confidence',
    'metadata',
    'revision',
    'deleted',
    'author',
    'updatedAt',
    'redacted',
  ],
}
