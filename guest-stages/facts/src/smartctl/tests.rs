use super::*;

#[test]
#[ignore]
fn local_survey() {
    let Ok(list) = std::env::var("SMARTCTL_FILES") else {
        return;
    };
    for path in std::fs::read_to_string(list).expect("a list").lines() {
        let bytes = std::fs::read(path).expect("a file");
        match drive(&bytes) {
            Ok(drive) => {
                println!(
                    "{path} {:?} {:?} ata={} nvme={} scsi={}",
                    drive.run.version,
                    drive.model,
                    drive.ata.is_some(),
                    drive.nvme.is_some(),
                    drive.scsi.is_some()
                );
                println!(
                    "   extra {}",
                    serde_json::to_string(&drive.extra).expect("json")
                );
                if !drive.unread.is_empty() {
                    println!("   unread {:?}", drive.unread);
                }
            }
            Err(error) => println!("{path} {error}"),
        }
    }
}
