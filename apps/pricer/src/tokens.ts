/** Injection token of the pricer's configuration. */
export const PRICER_CONFIG = Symbol('pricer-config');
