import { Dialog } from '../parts/dialog.tsx'
import { usePlaces } from './places.ts'

/** The keys, on `?`. */
export function Help({ onClose }: { onClose: () => void }) {
  const keys: [string, string][] = [
    ['Ctrl K', 'go to a place, or search everything'],
    ['/', 'filter what is listed'],
    ...usePlaces().map(({ key, title }): [string, string] => [`g ${key}`, title]),
    ['j k', 'down and up in a list'],
    ['Enter', 'open'],
    ['Esc', 'close'],
    ['b t', 'tasks as a board, as a table'],
    ['?', 'this list'],
  ]
  return (
    <Dialog label="Keys" onClose={onClose}>
      <h2>Keys</h2>
      <dl className="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map(part => (
                <kbd key={part}>{part}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div className="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  )
}
