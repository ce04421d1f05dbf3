import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { WesError } from '../../runs/errors.ts';
import type { DatabaseDialect } from './dialect.ts';

type Watch = Pick<DatabaseDialect, 'isUnavailable' | 'checkStatement'>;

/**
 * The Kysely dialect of a database with two promises more: an error that says that the database can't be
 * reached is a WesError `unavailable`, and a statement that it would refuse for its size never gets there.
 */
export function watchedDialect(watch: Pick<DatabaseDialect, 'kysely'> & Watch): Dialect {
  const { kysely } = watch;
  return {
    createDriver: () => new WatchedDriver(kysely.createDriver(), watch),
    createQueryCompiler: () => kysely.createQueryCompiler(),
    createAdapter: () => kysely.createAdapter(),
    createIntrospector: (db) => kysely.createIntrospector(db),
  };
}

class WatchedDriver implements Driver {
  readonly #driver: Driver;
  readonly #watch: Watch;
  /** The connections of the driver behind those that were given out. */
  readonly #behind = new WeakMap<DatabaseConnection, DatabaseConnection>();

  constructor(driver: Driver, watch: Watch) {
    this.#driver = driver;
    this.#watch = watch;
  }

  init(): Promise<void> {
    return this.#told(() => this.#driver.init());
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await this.#told(() => this.#driver.acquireConnection());
    const watched: DatabaseConnection = {
      executeQuery: <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
        this.#told(() => {
          this.#watch.checkStatement?.(query);
          return connection.executeQuery<R>(query);
        }),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
    };
    this.#behind.set(watched, connection);
    return watched;
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#told(() => this.#driver.beginTransaction(this.#of(connection), settings));
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#told(() => this.#driver.commitTransaction(this.#of(connection)));
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#told(() => this.#driver.rollbackTransaction(this.#of(connection)));
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#driver.releaseConnection(this.#of(connection));
  }

  destroy(): Promise<void> {
    return this.#driver.destroy();
  }

  #of(connection: DatabaseConnection): DatabaseConnection {
    const behind = this.#behind.get(connection);
    if (behind === undefined) throw new Error('The connection is not one of this driver.');
    return behind;
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof WesError || !this.#watch.isUnavailable(error)) throw error;
      throw new WesError('unavailable', 'The database can not be reached or can not write.', {
        cause: error,
      });
    }
  }
}
