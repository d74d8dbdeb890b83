//! The policy's own rules. What a signature must be is tested where signatures are read; that a
//! refused component is not parsed, and what a stage is told, end to end.

use std::path::Path;

use minisign::KeyPair;
use vetting_component::Manifest;
use vetting_component::digest;
use vetting_component::signature::PublicKey;

use super::{Admitted, Policy, ReadGrants, Refusal, Rules, Withheld};

const POISON: &[u8] = b"\0asm nothing that a parser should see";

fn policy(text: &str) -> Policy {
    let rules = Rules::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Policy::File {
        path: "/p.toml".into(),
        rules: Box::new(rules),
    }
}

fn manifest(name: &str, version: &str) -> Manifest {
    let asked = ["fio", "disks", "smart", "clock"];
    let asked = asked.map(|name| (name.to_owned(), serde_json::json!({ "reason": "r" })));
    serde_json::from_value(serde_json::json!({
        "name": name, "version": version, "summary": "s", "timeout_seconds": 1,
        "interfaces": serde_json::Map::from_iter(asked),
    }))
    .expect("a manifest")
}

fn key() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().expect("a key")
}

fn signature(key: &KeyPair, version: &str) -> String {
    let digest = digest(POISON);
    let comment = format!("vetting-stage name=Storage version={version} sha256={digest}");
    let signed = minisign::sign(None, &key.sk, POISON, Some(&comment), None);
    signed.expect("signed").into_string()
}

fn keys(keys: &[&KeyPair]) -> String {
    let tables = keys.iter().map(|key| {
        let key = key.pk.to_base64();
        format!("[[keys]]\nkey = \"{key}\"\ncomment = \"a test\"\n")
    });
    tables.collect()
}

#[test]
fn the_documented_example_is_one() {
    let text = include_str!("../../../docs/policy.toml");
    let rules = Rules::parse(text).expect("the example");
    assert_eq!(rules.keys.len(), 1);
    assert_eq!(rules.stages.len(), 1);
    // Every field that there is, is there.
    let without_comments = text.lines().filter(|line| !line.starts_with('#'));
    let text: String = without_comments.map(|line| format!("{line}\n")).collect();
    for field in [
        "unsigned =",
        "revoked =",
        "interfaces =",
        "deny =",
        "key =",
        "comment =",
        "files =",
        "deny_files =",
        "queries =",
        "deny_queries =",
        "minimum_version =",
    ] {
        assert!(text.contains(field), "{field}");
    }
}

#[test]
fn a_slip_in_a_policy_is_an_error_that_names_it() {
    let one = keys(&[&key()]);
    let allow = "unsigned = \"allow\"\n";
    for (text, words) in [
        (String::new(), "no stage could ever run"),
        (
            "unsinged = \"allow\"".to_owned(),
            "unknown field `unsinged`",
        ),
        ("unsigned = \"maybe\"".to_owned(), "unknown variant `maybe`"),
        (format!("{one}trusted = true"), "unknown field `trusted`"),
        (format!("{one}{one}"), "is there twice"),
        (
            "[[keys]]\nkey = \"RWQ\"\ncomment = \"c\"".to_owned(),
            "[[keys]] number 1",
        ),
        (one.replace("comment", "coment"), "unknown field `coment`"),
        (format!("{allow}revoked = [\"abc\"]"), "`abc` is no sha256"),
        (
            format!("{allow}interfaces = [\"foi\"]"),
            "interfaces: there is no interface `foi`",
        ),
        (format!("{allow}deny = [\"clock\"]"), "deny: there is no"),
        (
            format!("{allow}[stages.Storage]\nminimum_version = \"1.2\""),
            "stages.Storage.minimum_version: `1.2`",
        ),
        (
            format!("{allow}[stages.Storage]\ninterfaces = [\"x\"]"),
            "stages.Storage.interfaces",
        ),
        (
            format!("{allow}[stages.Storage]\nminimum = \"1.2.0\""),
            "unknown field `minimum`",
        ),
    ] {
        let error = Rules::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(words), "{text}\n{error}");
    }
}

#[test]
fn a_named_file_must_be_there_and_the_default_one_need_not() {
    let missing = Path::new("/nowhere/policy.toml");
    let error = Policy::find(Some(missing), false).expect_err("missing");
    assert!(
        error.to_string().contains("/nowhere/policy.toml"),
        "{error}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "unsigned = 1").expect("written");
    let error = Policy::find(Some(&file), false).expect_err("no policy");
    assert!(error.to_string().contains("docs/policy.toml"), "{error}");
    std::fs::write(&file, "unsigned = \"allow\"").expect("written");
    let found = Policy::find(Some(&file), true).expect("a policy");
    assert_eq!(found.file(), Some(file.as_path()));
}

#[test]
fn what_is_admitted() {
    let (old, new) = (key(), key());
    let both = keys(&[&old, &new]);
    let id = |key: &KeyPair| PublicKey::parse(&key.pk.to_base64()).expect("a key").id();
    let admit = |policy: &Policy, signature: Option<&str>| {
        policy.admit(POISON, signature.map(str::as_bytes), Some("Storage"))
    };
    let refuse = policy(&both);
    let allow = policy(&format!("unsigned = \"allow\"\n{both}"));
    let good = signature(&old, "1.2.0");
    for policy in [&refuse, &allow] {
        let admitted = admit(policy, Some(&good)).expect("admitted");
        assert!(matches!(&admitted, Admitted::Signed(signed) if signed.key == id(&old)));
        let wrong = policy.confirm(&admitted, &manifest("Storage", "1.2.1"));
        assert!(matches!(wrong, Err(Refusal::Signature(_))), "{wrong:?}");
        let same = policy.confirm(&admitted, &manifest("Storage", "1.2.0"));
        assert!(same.is_ok(), "{same:?}");
        // A signature that is there must be good, whatever is said of unsigned ones.
        let foreign = signature(&key(), "1.2.0");
        for bad in [foreign.as_str(), "garbage", &good[..100]] {
            assert!(admit(policy, Some(bad)).is_err());
        }
    }
    assert_eq!(admit(&allow, None).expect("allowed"), Admitted::Unsigned);
    assert_eq!(
        admit(&Policy::Open, Some("garbage")).expect("no policy"),
        Admitted::Unchecked
    );
    let missing = Policy::Missing("/etc/vetting/policy.toml".into());
    let minimum = format!("{both}[stages.Storage]\nminimum_version = \"1.2.0\"\n");
    let minimum = policy(&minimum);
    let revoked = format!(
        "unsigned = \"allow\"\nrevoked = [\"{}\"]\n{both}",
        digest(POISON).to_uppercase()
    );
    let revoked = policy(&revoked);
    let mut told = String::new();
    for (case, policy, signature) in [
        ("unsigned", &refuse, None),
        ("no policy in a live image", &missing, None),
        (
            "signed, no policy in a live image",
            &missing,
            Some(good.clone()),
        ),
        ("revoked", &revoked, Some(good.clone())),
        ("revoked and unsigned", &revoked, None),
        ("downgraded", &minimum, Some(signature(&new, "1.1.9"))),
    ] {
        let error = admit(policy, signature.as_deref()).expect_err(case);
        told += &format!("{case}: {error}\n");
    }
    insta::assert_snapshot!(told.replace(&digest(POISON), "DIGEST"));
    // Exactly the oldest version that is let is let.
    assert!(admit(&minimum, Some(&good)).is_ok());
    // Without a signature the version is only known from the manifest.
    let text = "unsigned = \"allow\"\n[stages.Storage]\nminimum_version = \"1.2.0\"\n";
    let unsigned = policy(text);
    let admitted = admit(&unsigned, None).expect("admitted");
    for (version, may) in [("1.1.9", false), ("nonsense", false), ("1.2.0", true)] {
        let confirmed = unsigned.confirm(&admitted, &manifest("Storage", version));
        assert_eq!(confirmed.is_ok(), may, "{version}: {confirmed:?}");
    }
}

#[test]
fn what_may_be_read_is_what_the_manifest_names_less_what_the_policy_withholds() {
    let mut manifest = manifest("Storage", "1.0.0");
    let named = |names: &[&str]| {
        let reason = || "to see".to_owned();
        names
            .iter()
            .map(|name| ((*name).to_owned(), reason()))
            .collect()
    };
    manifest.files = named(&["sys/block/*/stat", "proc/cpuinfo"]);
    manifest.queries = named(&["lspci", "ibstat"]);
    let text = "unsigned = \"allow\"\nfiles = [\"proc/*\", \"sys/block/sd*/**\"]\n\
                deny_files = [\"sys/block/sdb/**\"]\ndeny_queries = [\"ibstat\"]\n";
    let reads = |text: &str| ReadGrants::new(&manifest, policy(text).read_rules("Storage"));
    let grants = reads(text);
    assert_eq!(grants.file("proc/cpuinfo"), Ok(()));
    assert_eq!(grants.file("sys/block/sda/stat"), Ok(()));
    assert_eq!(grants.glob("sys/block/*/stat"), Ok(()));
    assert_eq!(grants.query("lspci"), Ok(()));
    for (answer, words) in [
        (grants.file("sys/block/sdb/stat"), "/p.toml"),
        (grants.file("sys/block/nvme0n1/stat"), "/p.toml"),
        (grants.file("proc/meminfo"), "the manifest of Storage"),
        (grants.glob("sys/block/*/*"), "the manifest of Storage"),
        (grants.query("ibstat"), "/p.toml"),
        (grants.query("sensors"), "the manifest of Storage"),
    ] {
        let why = answer.expect_err(words);
        assert!(why.contains(words), "not `{words}`: {why}");
    }
    let line = policy(text).withheld_reads(&manifest);
    let line = line.expect("something is withheld");
    insta::assert_snapshot!(line, @"Storage: the policy file /p.toml withholds sys/block/*/stat in part, the query ibstat");
    assert_eq!(Policy::Open.withheld_reads(&manifest), None);
    let own = format!("{text}[stages.Storage]\nfiles = [\"sys/block/**\"]\nqueries = []\n");
    let grants = reads(&own);
    assert!(grants.file("sys/block/nvme0n1/stat").is_ok());
    assert!(
        grants.file("sys/block/sdb/stat").is_err(),
        "denied is denied"
    );
    assert!(grants.file("proc/cpuinfo").is_err() && grants.query("lspci").is_err());
    for (wrong, words) in [
        ("files = [\"/sys\"]", "without a leading slash"),
        ("deny_queries = [\"a b\"]", "deny_queries"),
        ("[stages.X]\nfiles = [\"..\"]", "stages.X.files"),
    ] {
        let error = Rules::parse(&format!("unsigned = \"allow\"\n{wrong}"));
        let said = error.expect_err(wrong).to_string();
        assert!(said.contains(words), "not `{words}`: {said}");
    }
}

/// What is withheld, as `name: by whom`.
fn by_whom(withheld: &Withheld) -> Vec<String> {
    let short = |(name, reason): (&String, &String)| {
        let who = match (reason.contains("orchestrator"), reason.contains("/p.toml")) {
            (true, true) => "both",
            (true, false) => "orchestrator",
            (false, true) => "policy",
            (false, false) => "nobody",
        };
        assert!(reason.contains(&format!("`{name}`")), "{reason}");
        format!("{name}: {who}")
    };
    withheld.iter().map(short).collect()
}

/// A policy, what the orchestrator grants, and what is withheld by whom.
type Case<'a> = (&'a str, Option<&'a [&'a str]>, &'a [&'a str]);

#[test]
fn a_stage_gets_what_all_three_grant() {
    let allow = "unsigned = \"allow\"\n";
    let some: &[&str] = &["bmc", "disks", "smart"];
    let none: &[&str] = &[];
    let cases: [Case; 9] = [
        ("", None, &[]),
        ("", Some(some), &["fio: orchestrator"]),
        (
            "",
            Some(none),
            &[
                "disks: orchestrator",
                "fio: orchestrator",
                "smart: orchestrator",
            ],
        ),
        (
            "interfaces = [\"fio\"]",
            None,
            &["disks: policy", "smart: policy"],
        ),
        ("deny = [\"fio\"]", None, &["fio: policy"]),
        ("deny = [\"fio\"]", Some(some), &["fio: both"]),
        (
            "interfaces = [\"fio\", \"smart\"]",
            Some(some),
            &["disks: policy", "fio: orchestrator"],
        ),
        // A stage's own list stands instead of the one for all; what is denied is denied.
        (
            "interfaces = []\n[stages.Storage]\ninterfaces = [\"fio\", \"smart\"]",
            None,
            &["disks: policy"],
        ),
        (
            "deny = [\"fio\"]\n[stages.Storage]\ninterfaces = [\"fio\", \"smart\"]",
            None,
            &["disks: policy", "fio: policy"],
        ),
    ];
    for (text, granted, expected) in cases {
        let policy = policy(&format!("{allow}{text}"));
        let granted = granted.map(|g| g.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>());
        let withheld = policy.withheld(&manifest("Storage", "1.0.0"), granted.as_deref());
        assert_eq!(by_whom(&withheld), expected, "{text} {granted:?}");
    }
    let open = Policy::Open.withheld(&manifest("Storage", "1.0.0"), None);
    assert!(open.is_empty());
    // Another stage's list is not this one's.
    let other = policy(&format!("{allow}[stages.Memory]\ninterfaces = []"));
    assert!(
        other
            .withheld(&manifest("Storage", "1.0.0"), None)
            .is_empty()
    );
}
