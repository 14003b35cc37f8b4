// Talks to the server that sent the page.  Every failure becomes an ApiError that can be told in words.

const KEY = "touchstone-key";

export class ApiError extends Error {
  /** status: of HTTP, 0 where no answer came; where: path of the bad field; retryAfter: seconds. */
  constructor(message, { status = 0, code = "away", where = null, retryAfter = null } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.where = where;
    this.retryAfter = retryAfter;
  }
}

/** Whether the reader, not the server, ended it. */
export function cancelled(error) {
  return error?.name === "AbortError";
}

export class Api {
  /** askForKey(message): resolves with a key, or with null where the reader gives none. */
  constructor(askForKey) {
    this.askForKey = askForKey;
    this.asking = null;
    this.onKey = () => {};
  }

  get(path, { query = {}, signal, seconds = 20 } = {}) {
    const url = new URL(path, document.baseURI);
    for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
    return this.#send(url, { method: "GET" }, signal, seconds);
  }

  post(path, body, { signal, seconds = 20 } = {}) {
    const headers = { "Content-Type": "application/json" };
    return this.#send(new URL(path, document.baseURI), { method: "POST", headers, body: JSON.stringify(body) }, signal, seconds);
  }

  async #send(url, init, signal, seconds) {
    for (;;) {
      const key = sessionStorage.getItem(KEY);
      const response = await this.#fetch(url, withKey(init, key), signal, seconds);
      if (response.ok) return response.body;
      const error = failure(response);
      if (response.status !== 401) throw error;
      // Another request may have brought the right key meanwhile.
      if (sessionStorage.getItem(KEY) !== key) continue;
      if (!(await this.#newKey(key === null ? "" : error.message))) throw error;
      signal?.throwIfAborted();
    }
  }

  /** One dialog, however many requests wait for it. */
  async #newKey(message) {
    this.asking ??= this.askForKey(message).finally(() => { this.asking = null; });
    const key = await this.asking;
    if (key === null) return false;
    sessionStorage.setItem(KEY, key);
    this.onKey();
    return true;
  }

  async #fetch(url, init, signal, seconds) {
    const late = AbortSignal.timeout(seconds * 1000);
    const signals = signal ? [signal, late] : [late];
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.any(signals), cache: "no-store" });
      const text = await response.text();
      return { ok: response.ok, status: response.status, headers: response.headers, body: parsed(text) };
    } catch (error) {
      if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
      if (late.aborted) throw new ApiError(`The server gave no answer within ${seconds} s.`, { code: "timeout" });
      if (error instanceof ApiError) throw error;
      throw new ApiError("The server can’t be reached.");
    }
  }
}

function withKey(init, key) {
  return key === null ? init : { ...init, headers: { ...init.headers, Authorization: `Bearer ${key}` } };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failure({ status, headers, body }) {
  const detail = body?.error;
  if (!detail) return new ApiError(`The server answered with status ${status}.`, { status, code: "unexpected" });
  const seconds = Number(headers.get("Retry-After"));
  return new ApiError(detail.message, {
    status, code: detail.code, where: detail.where, retryAfter: seconds > 0 ? seconds : null,
  });
}

/** What went wrong and what to do about it, as sentences. */
export function inWords(error) {
  if (!(error instanceof ApiError)) throw error;
  const message = error.message.charAt(0).toUpperCase() + error.message.slice(1).replace(/\.?$/, ".");
  if (error.status === 503 && error.retryAfter) return `${message} Try again in ${error.retryAfter} s.`;
  if (error.status === 0) return `${message} Is it running, and is the connection up?`;
  if (error.status === 413) return `${message} Send less at once.`;
  return message;
}
