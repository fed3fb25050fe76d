/**
 * How the engine is started. V8's nursery grows to 16 MB a space and more under load; the engine makes much short-lived
 * data and keeps little, so that a small one saves over 100 MB of memory (see test/bench) and costs no speed that shows.
 */
export const ENGINE_FLAGS = ['--max-semi-space-size=1'];
