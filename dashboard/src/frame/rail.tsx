import { useMay } from '../api/access.tsx'
import { useAnswer } from '../api/query.ts'
import { Icon } from '../parts/icon.tsx'
import { count } from '../parts/numbers.ts'
import { hrefOf, useAddress } from '../url.ts'
import { usePlaces } from './places.ts'

/** The places, with a number where a person is needed. */
export function Rail() {
  const { place } = useAddress()
  const places = usePlaces()
  const may = useMay()
  const { data } = useAnswer('tasks.counts', {}, { enabled: may('tasks.counts') })
  const failing = data === undefined ? 0 : data.failed + data.dead + data.lapsed
  return (
    <nav className="rail" aria-label="Places">
      {places.map(({ id, title, icon, key }) => (
        <a
          key={id}
          href={hrefOf(id)}
          aria-current={id === place ? 'page' : undefined}
          title={`${title} (g ${key})`}
        >
          <Icon name={icon} />
          <span className="word">{title}</span>
          {id === 'now' && failing > 0 && (
            <span className="badge" title="tasks that failed or lapsed">
              {count(failing)}
            </span>
          )}
        </a>
      ))}
    </nav>
  )
}
