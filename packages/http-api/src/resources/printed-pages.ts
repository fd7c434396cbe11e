import type { Answer } from '../http/answer.js';
import type { ApiRequest } from '../http/route.js';

/** Pages kept of one list; whoever asks for more of them has them printed each time. */
const PAGES_MAX = 8;

/**
 * Whole answers of a list, kept for as long as the list is the same array: a view makes a new one
 * when anything in it changes. Only for lists that show nothing besides their own items.
 */
export class PrintedPages {
  private readonly lists = new WeakMap<readonly unknown[], Map<string, Answer>>();

  /** The answer to a request for a page of a list. */
  async answer(request: ApiRequest, list: readonly unknown[], make: () => Answer | Promise<Answer>): Promise<Answer> {
    let pages = this.lists.get(list);
    if (!pages) this.lists.set(list, (pages = new Map()));
    const key = `${request.baseUrl}${request.path}?${request.query.toString()}`;
    const known = pages.get(key);
    if (known) return known;
    const made = await make();
    const answer = { ...made, body: Buffer.from(made.body) };
    if (pages.size < PAGES_MAX) pages.set(key, answer);
    return answer;
  }
}
