//! Every version of a stage that was published, each with its bytes for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::stages::Stage;
use super::{StoreError, from_json, to_json};

/// One version of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The stage's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The sha256 of its component.
    pub digest: String,
    /// Its component's size in bytes.
    pub size: u64,
    /// Its manifest.
    pub manifest: serde_json::Value,
    /// Its detached signature.
    #[serde(default)]
    pub signature: Option<String>,
    /// The id of the key that the signature says it was made with.
    #[serde(default)]
    pub signed_by: Option<String>,
    /// When it was published.
    pub published: String,
    /// By whom.
    pub published_by: String,
}

const SELECT: &str = "SELECT r.name, r.version, r.digest, c.size, r.manifest, r.signature,
     r.signed_by, r.published, r.published_by FROM releases r
     JOIN components c ON c.digest = r.digest WHERE r.name = $1 ORDER BY r.published, r.version";

impl Release {
    fn from_row(row: &SqliteRow) -> Result<Self, StoreError> {
        let manifest: String = row.try_get("manifest")?;
        let size: i64 = row.try_get("size")?;
        Ok(Release {
            name: row.try_get("name")?,
            version: row.try_get("version")?,
            digest: row.try_get("digest")?,
            size: size.unsigned_abs(),
            manifest: from_json("manifest", &manifest)?,
            signature: row.try_get("signature")?,
            signed_by: row.try_get("signed_by")?,
            published: row.try_get("published")?,
            published_by: row.try_get("published_by")?,
        })
    }

    /// The stage as it would be with this release.
    #[must_use]
    pub fn over(self, stage: Stage) -> Stage {
        Stage {
            digest: self.digest,
            size: self.size,
            version: self.version,
            manifest: self.manifest,
            signature: self.signature,
            signed_by: self.signed_by,
            ..stage
        }
    }
}

/// All versions of a stage, oldest first.
///
/// # Errors
///
/// The database's.
pub async fn of_stage(db: &mut SqliteConnection, name: &str) -> Result<Vec<Release>, StoreError> {
    let rows = sqlx::query(SELECT).bind(name).fetch_all(db).await?;
    rows.iter().map(Release::from_row).collect()
}

/// One version of a stage.
///
/// # Errors
///
/// The database's.
pub async fn get(
    db: &mut SqliteConnection,
    name: &str,
    version: &str,
) -> Result<Option<Release>, StoreError> {
    let all = of_stage(db, name).await?;
    Ok(all.into_iter().find(|release| release.version == version))
}

/// Keeps a stage's component as a release. One that is there only takes a newer signature: its bytes
/// must be the same, which is for the caller to see to.
///
/// # Errors
///
/// The database's.
pub async fn put(db: &mut SqliteConnection, stage: &Stage) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO releases (name, version, digest, manifest, signature, signed_by, published,
         published_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (name, version) DO UPDATE SET signature = excluded.signature,
         signed_by = excluded.signed_by",
    )
    .bind(&stage.name)
    .bind(&stage.version)
    .bind(&stage.digest)
    .bind(to_json("manifest", &stage.manifest)?)
    .bind(&stage.signature)
    .bind(&stage.signed_by)
    .bind(&stage.published)
    .bind(&stage.published_by)
    .execute(db)
    .await?;
    Ok(())
}

/// The manifest of the release whose component has a sha256.
///
/// # Errors
///
/// The database's.
pub async fn manifest(
    db: &mut SqliteConnection,
    digest: &str,
) -> Result<Option<serde_json::Value>, StoreError> {
    let query = "SELECT manifest FROM releases WHERE digest = $1 LIMIT 1";
    let text: Option<String> = sqlx::query_scalar(query)
        .bind(digest)
        .fetch_optional(db)
        .await?;
    text.map(|text| from_json("manifest", &text)).transpose()
}
