import { getHeapStatistics } from 'node:v8';
import {
  parentPort,
  type ResourceLimits,
  type Transferable,
  Worker,
  type WorkerOptions,
} from 'node:worker_threads';
import { ZkriskError } from '#lib/errors';

/** Kind of a job's failure: the data (a {@link ZkriskError} in the thread) or the program. */
export class JobFailedError extends ZkriskError {
  readonly code = 'job-failed';
  constructor(
    message: string,
    /** code of the error in the thread, where it had one */
    readonly reason: string | undefined,
  ) {
    super(message);
  }
}

interface Answer<Reply> {
  readonly reply?: Reply;
  readonly failure?: { readonly message: string; readonly code?: string };
}

interface Job<Request, Reply> {
  readonly request: Request;
  readonly transfer: readonly Transferable[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Limits for a thread that keeps a copy of a large state of this one: its heap, small by default, may grow as far as this one's. */
export function heapAsLarge(): ResourceLimits {
  return { maxOldGenerationSizeMb: Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20) };
}

interface Thread<Request, Reply> {
  readonly worker: Worker;
  /** resolves when its modules are loaded; terminating it earlier can take the process down */
  readonly ready: Promise<void>;
  job: Job<Request, Reply> | undefined;
}

/**
 * A few worker threads that answer requests one at a time, in the order of asking. A thread is started when it is first
 * needed; one that dies fails its own job alone and is replaced at the next.
 */
export class WorkerPool<Request, Reply> {
  private readonly threads: Thread<Request, Reply>[] = [];
  private readonly queue: Job<Request, Reply>[] = [];
  private closed = false;

  /** @param script a module that calls {@link answerRequests} */
  constructor(
    private readonly script: URL,
    private readonly size: number,
    private readonly options: WorkerOptions = {},
  ) {}

  /** Requests that wait for a thread. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * @param transfer buffers of the request that become the thread's: they are not copied, and are empty here from then on
   * @throws {JobFailedError} with the thread's error as cause
   */
  run(request: Request, transfer: readonly Transferable[] = []): Promise<Reply> {
    if (this.closed) return Promise.reject(new Error('the worker pool is closed'));
    return new Promise((resolve, reject) => {
      this.queue.push({ request, transfer, resolve, reject });
      this.dispatch();
    });
  }

  /** Ends the threads and rejects unanswered jobs. */
  async close(): Promise<void> {
    this.closed = true;
    const threads = this.threads.splice(0);
    await Promise.all(
      threads.map(async ({ worker, ready }) => {
        await ready;
        await worker.terminate();
      }),
    );
    for (const { reject } of this.queue.splice(0)) reject(new Error('the worker pool was closed'));
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const thread =
        this.threads.find(({ job }) => job === undefined) ??
        (this.threads.length < this.size ? this.start() : undefined);
      if (thread === undefined) return;
      thread.job = this.queue.shift()!;
      thread.worker.postMessage(thread.job.request, thread.job.transfer);
    }
  }

  private start(): Thread<Request, Reply> {
    const worker = new Worker(this.script, this.options);
    worker.unref();
    let loaded: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (loaded = resolve));
    const thread: Thread<Request, Reply> = { worker, ready, job: undefined };
    this.threads.push(thread);
    worker.on('message', (message: Answer<Reply> | 'ready') => {
      if (message === 'ready') {
        loaded();
        return;
      }
      const { job } = thread;
      thread.job = undefined;
      if (message.failure) job?.reject(new JobFailedError(message.failure.message, message.failure.code));
      else job?.resolve(message.reply as Reply);
      this.dispatch();
    });
    const die = (error: Error) => {
      loaded();
      const at = this.threads.indexOf(thread);
      if (at >= 0) this.threads.splice(at, 1);
      thread.job?.reject(error);
      thread.job = undefined;
      if (!this.closed) this.dispatch();
    };
    worker.on('error', die);
    worker.on('exit', (code) => {
      die(new Error(`a worker thread ended with code ${code}`));
    });
    return thread;
  }
}

/**
 * The thread's side: answers each request with the result of `work`. To be called once, when the thread is ready.
 *
 * @param buffersOf buffers of a reply that become the asking thread's: they are not copied
 */
export function answerRequests<Request, Reply>(
  work: (request: Request) => Reply | Promise<Reply>,
  buffersOf: (reply: Reply) => readonly Transferable[] = () => [],
): void {
  const port = parentPort;
  if (port === null) throw new Error('answerRequests is for worker threads');
  port.on('message', (request: Request) => {
    void (async () => {
      try {
        const reply = await work(request);
        port.postMessage({ reply }, buffersOf(reply));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const code = error instanceof ZkriskError ? error.code : undefined;
        port.postMessage({ failure: { message, ...(code === undefined ? {} : { code }) } });
      }
    })();
  });
  port.postMessage('ready');
}
