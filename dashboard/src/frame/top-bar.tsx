import { useHello } from '../api/access.tsx'
import type { Connection } from '../api/feed.ts'
import { useAnswer, useFeed } from '../api/query.ts'
import { session } from '../api/session.ts'
import { Icon } from '../parts/icon.tsx'
import { bytes } from '../parts/numbers.ts'
import { Text } from '../parts/text.tsx'
import { lengthOf } from '../parts/time.tsx'
import { nextChoice, usePrefs } from '../prefs.ts'

/** Which store this is, whether the page is up to date, and how it shows things. */
export function TopBar({ onSearch }: { onSearch: () => void }) {
  const { store, principal } = useHello()
  const { theme, time } = usePrefs()
  const stats = useAnswer('maintenance.stats', {}, { once: true }).data
  return (
    <header className="top">
      <div className="store">
        <b>
          <Text of={store.name} />
        </b>
        {stats !== undefined && (
          <span className="faint wide">
            {stats.engine.name} {stats.engine.version} · {bytes(stats.sizeBytes)}
          </span>
        )}
        {store.isReadOnly && <span className="badge">read only</span>}
      </div>
      <button type="button" className="search" onClick={onSearch}>
        <Icon name="search" />
        <span className="word">Search</span>
        <kbd className="wide">Ctrl K</kbd>
      </button>
      <ConnectionMark />
      <button
        type="button"
        className="plain wide"
        onClick={() => nextChoice('time')}
        title="How times are shown"
      >
        {time} time
      </button>
      <button type="button" className="plain" onClick={() => nextChoice('theme')} title="Colours">
        {theme}
      </button>
      <button
        type="button"
        className="plain wide"
        onClick={() => session.end()}
        title={`Signed in as ${principal}`}
      >
        Sign out
      </button>
    </header>
  )
}

function ConnectionMark() {
  const { connection } = useFeed()
  return (
    <output className={`connection ${connection.is}`}>
      <i aria-hidden="true" />
      {wordOf(connection)}
    </output>
  )
}

function wordOf(connection: Connection): string {
  switch (connection.is) {
    case 'lost': {
      const ms = Date.now() - connection.since
      return ms < 2_000 ? 'lost' : `lost for ${lengthOf(ms)}`
    }
    case 'refused':
      return 'not live'
    case 'hidden':
      return 'paused'
    default:
      return connection.is
  }
}
