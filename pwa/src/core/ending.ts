/** A transaction that a browser does not finish is given up, and undone as far as the browser still listens. */
import { PATIENCE, within } from "./within";

interface Transaction {
  abort(): void;
  readonly done: Promise<void>;
}

/** What `work` gives, once the transaction is durable; else nothing of it stays, and the error is thrown. */
export async function ending<T>(transaction: Transaction, work: () => Promise<T>, ms = PATIENCE.service): Promise<T> {
  try {
    return await within(ms, work().then((result) => transaction.done.then(() => result)));
  } catch (error) {
    abort(transaction);
    throw error;
  }
}

/** A request that could not even be made leaves those before it: none of them may stay. */
export function abort(transaction: Transaction): void {
  transaction.done.catch(() => undefined);
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
