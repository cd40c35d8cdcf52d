import { formOf, type RecordedSession, type Surroundings, scrubbed } from './fixture.ts'
import type { Shown, Step } from './story.ts'
import type { Wire } from './wire.ts'

/** What a client said and showed in a session, as tests keep it. */
export function recordSession(
  steps: readonly Step[],
  shown: Shown,
  wire: Wire,
  place: Surroundings,
): RecordedSession {
  const clean = <T>(value: T): T => JSON.parse(scrubbed(JSON.stringify(value), place))
  return {
    env: clean(wire.env),
    opening: clean(wire.opening),
    calls: steps.flatMap(({ name }, i) => {
      const call = wire.calls[i]
      if (call === undefined) return []
      const seen = scrubbed(shown[name] ?? '', place)
      const { form, depth } = formOf(seen, scrubbed(call.text, place))
      return [{ step: name, params: clean(call.params), shown: seen, form, depth }]
    }),
    hooks: wire.hooks.map(({ args, input, output }) => ({
      args,
      input: scrubbed(input, place),
      said: scrubbed(output, place),
    })),
  }
}
