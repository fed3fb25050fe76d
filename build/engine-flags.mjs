/**
 * How the engine is started: it makes much short-lived data and keeps little. V8's nursery would grow to 16 MB a space and
 * more under load, and the old space to three times of what lives in it before it is cleaned, and neither comes back. Both
 * held tight save 100 MB of memory (see test/bench) and cost no speed that shows.
 */
export const ENGINE_FLAGS = ['--max-semi-space-size=1', '--heap-growing-percent=50'];
