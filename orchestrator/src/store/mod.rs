//! What the orchestrator remembers: two SQLite files in one folder. `state.db` (`synchronous=FULL`)
//! holds what must never be lost; `journal.db` holds log lines and samples.
//!
//! Queries take a connection and return models. Whoever writes begins a transaction with
//! [`Store::write`], of which there is one at a time, so that a change is seen whole or not at all.
//! The SQL is what SQLite and PostgreSQL share.

pub mod artifacts;
pub mod audit;
pub mod claims;
pub mod directives;
pub mod holds;
pub mod hosts;
pub mod journal;
pub mod lock;
pub mod logins;
pub mod operators;
pub mod releases;
pub mod reports;
pub mod results;
pub mod room;
pub mod runs;
pub mod sessions;
pub mod specs;
pub mod stages;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Sqlite, Transaction};

pub use crate::clock::now;

/// How long a writer waits for another process's.
const BUSY: Duration = Duration::from_secs(20);
/// The mode of the folder: its owner's alone.
const FOLDER: u32 = 0o700;
/// How many may read at once.
const READERS: u32 = 8;

/// What goes wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file in it cannot be used.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The database said no.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The journal's writer failed; every batch of its transaction hears so.
    #[error("the journal: {0}")]
    Journal(std::sync::Arc<sqlx::Error>),
    /// The folder takes no write.
    #[error(transparent)]
    NoRoom(#[from] room::NoRoom),
    /// Another process serves the folder.
    #[error(
        "{} is served by another orchestrator: {holder}; end that one first, or name another --data",
        folder.display()
    )]
    Served {
        /// Which folder.
        folder: PathBuf,
        /// Who serves it.
        holder: String,
    },
    /// The folder belongs to another user.
    #[error(
        "{} belongs to the user with the id {owner}, and tokens' hashes lie in it: serve as that user, or \
         change its owner",
        folder.display()
    )]
    Foreign {
        /// Which folder.
        folder: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The database is of a later version.
    #[error(
        "{} was made by a later version of vetting-orchestrator (it has the change {change}): upgrade, or \
         restore the backup from before",
        file.display()
    )]
    Later {
        /// Which file.
        file: PathBuf,
        /// The number of the change that this version does not know.
        change: i64,
    },
    /// A migration failed.
    #[error("the database cannot be brought to this version's form: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A column holds what this version cannot read.
    #[error("the database's column `{column}` cannot be read: {reason}")]
    Column {
        /// Which.
        column: &'static str,
        /// Why.
        reason: serde_json::Error,
    },
}

impl StoreError {
    /// What is wrong with the disk, where that is why the database failed: the same call may succeed once
    /// the cause is gone.
    pub fn disk_trouble(&self) -> Option<String> {
        let error = match self {
            StoreError::NoRoom(why) => return Some(why.to_string()),
            StoreError::Database(error) => error,
            StoreError::Journal(error) => error,
            _ => return None,
        };
        let code = error.as_database_error()?.code()?;
        // SQLite's primary result codes; an extended one has more above the lowest byte.
        let trouble = match code.parse::<u32>().ok()? & 0xff {
            8 => "the disk is read-only",
            10 => "the disk has an input/output error, or a quota is used up",
            13 => "the disk is full",
            14 => "a file of the database cannot be opened",
            _ => return None,
        };
        Some(trouble.to_owned())
    }
}

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Its folder, and how much fits in it.
    pub room: room::Room,
    /// Log lines and samples.
    pub journal: journal::Journal,
}

impl Store {
    /// Opens the database in a folder, and makes both where they are missing.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, or the files are no databases of this or an earlier version.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        make_private(folder)?;
        let state = folder.join("state.db");
        let options = options(&state).synchronous(SqliteSynchronous::Full);
        let writer = pool(options.clone(), 1).await?;
        migrate(&state, sqlx::migrate!("migrations/state"), &writer).await?;
        let readers = pool(options.read_only(true), READERS).await?;
        let journal = journal::Journal::open(folder).await?;
        let room = room::Room::of(folder, &state)?;
        Ok(Store {
            writer,
            readers,
            room,
            journal,
        })
    }

    /// Begins the one transaction that may write.
    ///
    /// # Errors
    ///
    /// When the database is busy for too long, or its file is not in its place any more.
    pub async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.room.in_place()?;
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A connection to read with.
    ///
    /// # Errors
    ///
    /// When none comes free in time.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }
}

/// Brings a database to this version's form.
async fn migrate(
    file: &Path,
    changes: sqlx::migrate::Migrator,
    writer: &SqlitePool,
) -> Result<(), StoreError> {
    match changes.run(writer).await {
        Ok(()) => {}
        Err(sqlx::migrate::MigrateError::VersionMissing(change)) => {
            let file = file.to_owned();
            return Err(StoreError::Later { file, change });
        }
        Err(error) => return Err(error.into()),
    }
    // SQLite gives what it writes ahead the database's own mode.
    private(file, 0o600)
}

/// Takes a file's or folder's permissions from everybody but its owner.
fn private(path: &Path, mode: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |reason| StoreError::Folder {
        path: path.to_owned(),
        reason,
    };
    let found = std::fs::metadata(path).map_err(failed)?.permissions();
    if found.mode() & 0o077 != 0 {
        // SQLite makes its files as the umask has it; a folder is as somebody made it.
        if mode == FOLDER {
            tracing::warn!(
                path = %path.display(),
                "others could read the folder; from now on its owner alone can"
            );
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    Ok(())
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(BUSY)
}

async fn pool(options: SqliteConnectOptions, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY)
        .after_release(|connection, _| {
            Box::pin(async move {
                // Waits for a rollback that was begun when a transaction was dropped.
                connection.ping().await?;
                // SQLite rolls back by itself where a disk is full; the connection's count of open
                // transactions is then wrong for ever, and every later transaction would be refused.
                Ok(!connection.is_in_transaction())
            })
        })
        .connect_with(options)
        .await
}

/// Makes the folder, for this user alone, whoever made it: in it lie people's keys and tokens' hashes.
fn make_private(folder: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    let failed = |reason| StoreError::Folder {
        path: folder.to_owned(),
        reason,
    };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(folder)
        .map_err(failed)?;
    let owner = std::fs::metadata(folder).map_err(failed)?.uid();
    if owner != nix::unistd::geteuid().as_raw() {
        return Err(StoreError::Foreign {
            folder: folder.to_owned(),
            owner,
        });
    }
    private(folder, FOLDER)
}

/// A column of JSON, read.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    column: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|reason| StoreError::Column { column, reason })
}

/// A column of JSON, written.
pub(crate) fn to_json<T: serde::Serialize>(
    column: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|reason| StoreError::Column { column, reason })
}
