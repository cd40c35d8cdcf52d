/** How long a briefing may be, in tokens of four characters. With less there is no room for a line of each kind. */
export const briefingTokens = { least: 200, most: 100_000, usual: 2_000 } as const
