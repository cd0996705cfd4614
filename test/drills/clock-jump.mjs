// Loaded into a service before anything else: its wall clock jumps by JUMP_MS after JUMP_AFTER_MS.
const { JUMP_MS, JUMP_AFTER_MS } = process.env;
const real = Date.now;
const started = real();
const now = () => real() + (real() - started > Number(JUMP_AFTER_MS) ? Number(JUMP_MS) : 0);
globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new Date(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
