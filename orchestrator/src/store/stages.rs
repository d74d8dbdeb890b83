//! The stage registry: which stages there are, what each runs, and the components' bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::{StoreError, from_json, now, to_json};

/// A registered stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// The sha256 of its component.
    pub digest: String,
    /// Its component's size in bytes.
    pub size: u64,
    /// Its component's version.
    pub version: String,
    /// Its component's manifest.
    pub manifest: serde_json::Value,
    /// Its detached signature; none where it is not signed.
    #[serde(default)]
    pub signature: Option<String>,
    /// The id of the key that the signature says it was made with. Whether it is good is for the
    /// machines' policies to say.
    #[serde(default)]
    pub signed_by: Option<String>,
    /// What the fleet's owner says of it.
    pub settings: Settings,
    /// When it was registered.
    pub published: String,
    /// By whom.
    pub published_by: String,
}

/// What the fleet's owner says of a stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StageSettings")]
pub struct Settings {
    /// The interfaces that it is granted; `null`: all that it asks for.
    #[serde(default)]
    pub grants: Option<Vec<String>>,
    /// Its parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// Its deadline in seconds; `null`: the manifest's.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// Where it stands in a pipeline; lower is earlier.
    #[serde(default)]
    pub position: i64,
    /// Whether a newly registered component of this name is kept but not run.
    #[serde(default)]
    pub pinned: bool,
}

const SELECT: &str = "SELECT s.name, s.digest, c.size, s.version, s.manifest, s.settings,
     s.signature, s.signed_by, s.published, s.published_by FROM stages s JOIN components c ON c.digest = s.digest";

impl Stage {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let manifest: String = row.try_get("manifest")?;
        let settings: String = row.try_get("settings")?;
        let size: i64 = row.try_get("size")?;
        Ok(Stage {
            name: row.try_get("name")?,
            digest: row.try_get("digest")?,
            size: size.unsigned_abs(),
            version: row.try_get("version")?,
            manifest: from_json("manifest", &manifest)?,
            settings: from_json("settings", &settings)?,
            signature: row.try_get("signature")?,
            signed_by: row.try_get("signed_by")?,
            published: row.try_get("published")?,
            published_by: row.try_get("published_by")?,
        })
    }
}

/// Keeps a component's bytes. The same ones again are no error.
///
/// # Errors
///
/// The database's.
pub async fn put_component(
    db: &mut SqliteConnection,
    digest: &str,
    bytes: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO components (digest, size, bytes, added) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(digest)
    .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
    .bind(bytes)
    .bind(now())
    .execute(db)
    .await?;
    Ok(())
}

/// A component's bytes.
///
/// # Errors
///
/// The database's.
pub async fn component(
    db: &mut SqliteConnection,
    digest: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = "SELECT bytes FROM components WHERE digest = $1";
    Ok(sqlx::query_scalar(query)
        .bind(digest)
        .fetch_optional(db)
        .await?)
}

/// Registers a stage, or replaces what it runs. Its component must be kept already.
///
/// # Errors
///
/// The database's.
pub async fn put(db: &mut SqliteConnection, stage: &Stage) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO stages (name, digest, version, manifest, settings, signature, signed_by,
         published, published_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, version = excluded.version,
         manifest = excluded.manifest, settings = excluded.settings,
         signature = excluded.signature, signed_by = excluded.signed_by,
         published = excluded.published, published_by = excluded.published_by",
    )
    .bind(&stage.name)
    .bind(&stage.digest)
    .bind(&stage.version)
    .bind(to_json("manifest", &stage.manifest)?)
    .bind(to_json("settings", &stage.settings)?)
    .bind(&stage.signature)
    .bind(&stage.signed_by)
    .bind(&stage.published)
    .bind(&stage.published_by)
    .execute(db)
    .await?;
    Ok(())
}

/// All stages, in the order in which a pipeline walks them.
///
/// # Errors
///
/// The database's.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<Stage>, StoreError> {
    let rows = sqlx::query(SELECT).fetch_all(db).await?;
    let mut stages = rows
        .iter()
        .map(Stage::from_row)
        .collect::<Result<Vec<_>, _>>()?;
    stages.sort_by(|a, b| {
        (a.settings.position, a.name.as_str()).cmp(&(b.settings.position, b.name.as_str()))
    });
    Ok(stages)
}

/// A stage by its name.
///
/// # Errors
///
/// The database's.
pub async fn get(db: &mut SqliteConnection, name: &str) -> Result<Option<Stage>, StoreError> {
    Ok(all(db).await?.into_iter().find(|stage| stage.name == name))
}

/// Removes a stage from the registry. Its component stays for the runs and reports that refer to it.
///
/// # Errors
///
/// The database's.
pub async fn remove(db: &mut SqliteConnection, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM stages WHERE name = $1")
        .bind(name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}
